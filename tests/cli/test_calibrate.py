"""`textreid calibrate`, and what a search prints once a model is calibrated."""

from __future__ import annotations

import json

import pytest

from tests.helpers.calibrated import CalibratedToy
from tests.helpers.official_layouts import write_market1501
from tests.helpers.toy import COLOURS, draw_person
from textreid.inference.calibration import Calibration

SEARCH = ("search", "--gallery", "gallery", "a pink shirt and black jeans")


@pytest.fixture
def calibrated(monkeypatch):
    monkeypatch.setattr("tests.helpers.toy_console.ToyEncoder", CalibratedToy)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Forty-eight persons, two crops each; shirts and jeans alone do not tell all of them apart."""
    folder, rows = tmp_path / "CUHK-PEDES", []
    (folder / "imgs" / "cam_a").mkdir(parents=True)
    colours = list(COLOURS)[:7]
    outfits = [(upper, lower) for upper in colours for lower in colours][:48]
    for person, (upper, lower) in enumerate(outfits):
        for shot in range(2):
            name = f"cam_a/{person:03}_{shot}.png"
            draw_person(upper, lower).save(folder / "imgs" / name)
            captions = [f"somebody in a {upper} shirt and {lower} jeans", f"a {upper} shirt"]
            rows.append({"split": "val", "captions": captions, "file_path": name, "id": person})
    (folder / "reid_raw.json").write_text(json.dumps(rows))
    write_market1501(tmp_path, ["0001_c1", "0002_c2"], ["0001_c2", "0002_c1"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_measures_and_writes(textreid, data):
    done = textreid("calibrate", ".", "--root", ".", "--text", "cuhk-pedes", "--json")
    written = Calibration.read(data, "toy-1")
    assert written.photo is None
    assert (written.text.data, written.text.sizes[0], written.text.sizes[-1]) == ("cuhk-pedes val", 1, 94)
    printed = json.loads(done.stdout)
    assert (printed["model"], printed["fingerprint"]) == ("toy", "toy-1")
    assert [trial["size"] for trial in printed["text"]["trials"]] == [10]
    assert printed["text"]["trials"][0]["right"] > 0.5
    assert "calibration.json" in done.stderr
    assert "Captions" in done.stderr


def test_the_table_tells_what_was_asked_for_and_what_came(textreid, data):
    done = textreid("calibrate", ".", "--root", ".", "--photo", "cuhk-pedes:val")
    for words in ("image to image: cuhk-pedes val", "first hit: claimed", "realised", "of these kept"):
        assert words in done.stdout
    assert Calibration.read(data, "toy-1").text is None


def test_captions_of_several_clauses_are_measured_by_their_number(textreid, data):
    file = data / "CUHK-PEDES" / "reid_raw.json"
    rows = json.loads(file.read_text())
    for row in rows:
        worn = row["captions"][0].removeprefix("somebody in ").split(" and ")
        row["captions"] = [f"A man in {worn[0]}, {worn[1]} and white shoes. He has a black bag."]
    file.write_text(json.dumps(rows))
    done = textreid("calibrate", ".", "--root", ".", "--text", "cuhk-pedes")
    assert "by the number of clauses, ranked by cosine" in done.stdout
    written = Calibration.read(data, "toy-1")
    assert (len(written.clauses), written.matched) == (4, ())
    assert written.scales("text", "a red shirt") == (written.clauses[0], None)
    printed = json.loads(textreid("calibrate", ".", "--root", ".", "--text", "cuhk-pedes", "--json").stdout)
    assert {trial["clauses"] for trial in printed["clauses"]} == {1, 2, 3, 4}


def test_a_damaged_calibration_is_replaced(textreid, data):
    (data / "calibration.json").write_text("{")
    textreid("calibrate", ".", "--root", ".", "--text", "cuhk-pedes:val")
    assert Calibration.read(data, "toy-1").text is not None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "add --text cuhk-pedes:val"),
        (("--text", "cuhk"), "Did you mean"),
        (("--text", "market1501:test"), "has no captions"),
        (("--photo", "market1501"), "too few persons"),
        (("--photo", "market1501:val"), "split to evaluate"),
    ],
)
def test_what_cannot_be_calibrated_with(textreid, data, arguments, words):
    done = textreid("calibrate", ".", "--root", ".", *arguments, code=2)
    assert words in done.stderr
    assert not (data / "calibration.json").exists()


def test_a_search_prints_probabilities(textreid, kept, calibrated):
    hits = json.loads(textreid(*SEARCH, "--json").stdout)
    assert [list(hit)[-1] for hit in hits] == ["probability"] * 3
    head, first, *_ = textreid(*SEARCH).stdout.splitlines()
    assert head.split()[:3] == ["rank", "probability", "source"]
    assert first.split()[1] == f"{hits[0]['probability']:.3f}"
    head, first, *_ = textreid(*SEARCH, "--details").stdout.splitlines()
    assert head.split()[:4] == ["rank", "probability", "score", "source"]
    assert first.split()[2] == f"{hits[0]['score']:.3f}"


def test_a_query_of_several_parts_prints_ranks_alone_and_says_why(textreid, kept, calibrated, tmp_path):
    example = tmp_path / "example.png"
    draw_person("blue", "white").save(example)
    done = textreid(*SEARCH, "--image", example)
    assert done.stdout.split()[:2] == ["rank", "source"]
    assert "not known for a query of several parts" in " ".join(done.stderr.split())
    hits = json.loads(textreid(*SEARCH, "--image", example, "--json").stdout)
    assert not any("probability" in hit for hit in hits)


def test_nobody_matches(textreid, kept, calibrated):
    done = textreid(*SEARCH, "--false-alarms", "0.05")
    assert done.stdout == ""
    assert "Nobody matches: the best score is 0.500, and 0.800 is needed" in done.stderr
    assert json.loads(textreid(*SEARCH, "--false-alarms", "0.05", "--json").stdout) == []
    assert len(textreid(*SEARCH, "--false-alarms", "0.5").stdout.splitlines()) == 2


def test_a_rate_without_a_calibration(textreid, kept):
    done = textreid(*SEARCH, "--false-alarms", "0.05", code=2)
    assert "textreid calibrate toy --root DIR --text DATASET" in done.stderr


def test_images_of_a_table_lie_below_the_folder_that_the_command_names(textreid, data):
    (data / "table").mkdir()
    rows = json.loads((data / "CUHK-PEDES" / "reid_raw.json").read_text())
    lines = [
        {"image": row["file_path"], "person": row["id"], "captions": row["captions"], "split": "val"}
        for row in rows
    ]
    (data / "table" / "people.jsonl").write_text("\n".join(map(json.dumps, lines)))
    command = ("calibrate", ".", "--root", "table", "--text", "folder")
    assert "there is no file" in textreid(*command, code=2).stderr
    textreid(*command, "--image-folder", "CUHK-PEDES/imgs")
    assert Calibration.read(data, "toy-1").text.data == "folder val"
    refused = textreid("calibrate", ".", "--root", ".", "--text", "cuhk-pedes", "--image-folder", "x", code=2)
    assert "leave it out for cuhk-pedes" in refused.stderr
