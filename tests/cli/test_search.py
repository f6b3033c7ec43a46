"""`textreid index`, `search` and `gallery`, as typed."""

from __future__ import annotations

import json
import re

import pytest
from PIL import Image

from tests.helpers.toy import draw_person
from tests.helpers.toy_matcher import MixedUp


def index_photos(textreid):
    return textreid("index", "photos", "--gallery", "gallery", "--crops", "--camera", "gate")


def test_index_says_what_it_did(textreid, photos):
    (photos / "broken.jpg").write_text("no picture")
    first = index_photos(textreid)
    assert first.stdout == ""
    assert re.search(r"skipped .*/photos/broken\.jpg: .*not an image", first.stderr)
    assert "3 people added; 1 file skipped. gallery holds 3 people." in first.stderr
    assert "0 people added; 3 files unchanged; 1 file skipped." in index_photos(textreid).stderr


def test_json_is_a_list_of_hits_with_exactly_these_keys(textreid, kept):
    done = textreid("search", "a red shirt and blue jeans", "--gallery", "gallery", "--json", "-k", "2")
    hits = json.loads(done.stdout)
    assert [list(hit) for hit in hits] == [["rank", "score", "id", "source", "box", "camera", "time"]] * 2
    assert hits[0]["source"] == str(kept / "photos" / "red-blue.png")
    assert hits[0]["score"] == pytest.approx(1, abs=1e-3)
    assert (hits[0]["rank"], hits[0]["box"], hits[0]["camera"], hits[0]["time"]) == (1, None, "gate", None)


def test_the_table_has_a_line_for_each_hit(textreid, kept):
    done = textreid("search", "a red shirt and blue jeans", "--gallery", "gallery")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["rank", "source", "box", "camera", "time"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert rows[0].split() == ["1", str(kept / "photos" / "red-blue.png"), "gate"]
    detailed = textreid("search", "a red shirt and blue jeans", "--gallery", "gallery", "--details")
    assert detailed.stdout.splitlines()[1].split()[:2] == ["1", "1.000"]


def test_photo_alone_and_photo_with_words(textreid, kept, tmp_path):
    example = tmp_path / "example.png"
    draw_person("blue", "white").save(example)
    look = ("search", "--image", example, "--gallery", "gallery", "--json")
    assert len(json.loads(textreid(*look).stdout)) == 3
    assert json.loads(textreid(*look, "black trousers").stdout)[0]["source"].endswith("blue-black.png")


def test_reranked_hits_tell_how_well_they_match(textreid, kept, monkeypatch):
    monkeypatch.setattr("tests.helpers.toy_console.ToyEncoder", MixedUp)
    ask = ("search", "a blue shirt and black jeans", "--gallery", "gallery", "--rerank", "2")
    hits = json.loads(textreid(*ask, "--json").stdout)
    assert [list(hit)[-1] for hit in hits] == ["match", "match", "time"]
    assert hits[0]["source"].endswith("blue-black.png")
    head, first, _, last = textreid(*ask, "--details").stdout.splitlines()
    assert head.split()[:3] == ["rank", "score", "match"]
    assert first.split()[2] == f"{hits[0]['match']:.3f}"
    assert last.split()[2].endswith(".png")
    unread = json.loads(textreid(*ask, "--budget", "0", "--json").stdout)
    assert not any("match" in hit for hit in unread)


def test_reranking_needs_a_model_that_can(textreid, kept):
    done = textreid("search", "a man", "--gallery", "gallery", "--rerank", "5", code=2)
    assert "no matcher" in done.stderr


def test_filters_narrow_the_search(textreid, kept):
    def found(*filters):
        return json.loads(
            textreid("search", "a red shirt", "--gallery", "gallery", "--json", *filters).stdout
        )

    assert len(found("--camera", "gate")) == 3
    stranger = textreid("search", "a red shirt", "--gallery", "gallery", "--camera", "elsewhere", code=2)
    assert "knows no camera called elsewhere" in stranger.output
    assert [hit["rank"] for hit in found("--source", "photos/green-white.png")] == [1]
    nobody = textreid("search", "a red shirt", "--gallery", "gallery", "--since", "2026-03-01")
    assert nobody.stdout == ""
    assert "Nobody found" in nobody.stderr


def test_a_contact_sheet_is_written(textreid, kept, tmp_path):
    textreid("search", "a red shirt", "--gallery", "gallery", "--sheet", tmp_path / "hits.jpg")
    with Image.open(tmp_path / "hits.jpg") as sheet:
        assert sheet.format == "JPEG"
        assert sheet.width > sheet.height


def test_searches_are_logged_only_when_asked(textreid, home):
    before = set(home.iterdir())
    textreid("search", "a red shirt", "--gallery", "gallery")
    assert set(home.iterdir()) == before
    textreid("search", "a red shirt", "--gallery", "gallery", "--log", "log.jsonl")
    assert json.loads((home / "log.jsonl").read_text())["text"] == "a red shirt"


def test_deleting_needs_a_yes_and_lasts(textreid, home):
    def found():
        return json.loads(textreid("search", "a red shirt", "--gallery", "gallery", "--json").stdout)

    first, *others = found()
    delete = ("gallery", "delete", first["id"], "--gallery", "gallery")
    textreid(*delete, stdin="n\n", code=1)
    textreid(*delete, stdin="", code=1)
    assert "1 person deleted" in textreid(*delete, "--yes").stderr
    index_photos(textreid)
    assert {hit["id"] for hit in found()} == {hit["id"] for hit in others}


def test_forgetting_a_folder_lets_it_be_indexed_again(textreid, home):
    forgotten = textreid("gallery", "forget", "photos", "--gallery", "gallery", "-y")
    assert "3 people deleted" in forgotten.stderr
    assert textreid("search", "a red shirt", "--gallery", "gallery").stdout == ""
    assert "3 people added." in index_photos(textreid).stderr


def test_looking_after_a_gallery(textreid, kept, tmp_path):
    info = json.loads(textreid("gallery", "info", "--gallery", "gallery", "--json").stdout)
    assert (info["people"], info["cameras"], info["encoder"]["name"]) == (3, ["gate"], "toy")
    assert "'toy'" in textreid("gallery", "info", "--gallery", "gallery").stdout
    assert "All is well with 3 people" in textreid("gallery", "verify", "--gallery", "gallery").stdout
    textreid("gallery", "export", tmp_path / "backup", "--gallery", "gallery")
    assert len((tmp_path / "backup" / "records.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("search", "a man", "--gallery", "none"), "textreid index PHOTOS --gallery none"),
        (("search", "a man", "--gallery", "photos"), "no gallery"),
        (("search", "", "--gallery", "gallery"), "a man in a blue shirt"),
        (("search", "--gallery", "gallery"), "a man in a blue shirt"),
        (("search", "--gallery", "gallery", "--image", "none.jpg"), "none.jpg cannot be used"),
        (("search", "--gallery", "gallery", "--image", "text.jpg"), "text.jpg cannot be used"),
        (("search", "a man", "--gallery", "gallery", "--since", "noon"), "2026-03-01T14:05"),
        (("search", "a man", "--gallery", "gallery", "--sheet", "text.jpg/hits.jpg"), "cannot be written"),
        (("search", "a man", "--gallery", "gallery", "--sheet", "hits.doc"), "cannot be written"),
        (("search", "a man", "--gallery", "gallery", "--log", "no/log"), "cannot be logged"),
        (("index", "missing", "--gallery", "gallery"), "missing does not exist"),
        (("index", "photos", "--gallery", "gallery", "--start", "noon"), "2026-03-01T14:05"),
        (("gallery", "delete", "nobody", "--gallery", "gallery", "-y"), "nobody"),
        (("gallery", "verify", "--gallery", "none"), "textreid index"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(textreid, kept, args, says):
    done = textreid(*args, code=2)
    assert done.stdout == ""
    *_, last = done.stderr.splitlines()
    assert last.startswith("error: ")
    assert says in last


def test_index_names_what_it_passes_over_and_what_a_name_holds_does_not_act(textreid, photos):
    for name in ("a.txt", "b.txt", "READ\x1b[2JME", "c.pdf"):
        (photos / name).write_text("no photo")
    (photos / "\x1b[31mred\x9b.jpg").write_text("no photo")
    said = index_photos(textreid).stderr
    assert "no photo, video or zip file: 2 .txt, 1 .pdf, 1 without an ending" in said
    assert r"\x1b[31mred\x9b.jpg: " in said
    assert "\x9b" not in said
    assert "\x1b[31m" not in said


def test_times_are_asked_for_and_shown_in_the_zone_that_is_named(textreid, photos):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:03:01 14:05:12"
    draw_person("red", "blue").save(photos / "camera.jpg", exif=exif)
    zone = ("--gallery", "gallery", "--zone", "Europe/Istanbul")
    said = textreid("index", "photos", "--crops", *zone).stderr
    assert "Times of files that name no zone are in Europe/Istanbul." in said
    found = textreid("search", "a red shirt", "--json", "--since", "2026-03-01T14:05", *zone)
    assert [hit["time"] for hit in json.loads(found.stdout)] == ["2026-03-01T14:05:12+03:00"]
    refused = textreid("search", "a shirt", "--gallery", "gallery", "--zone", "Mars", code=2)
    assert "no time zone 'Mars'" in refused.stderr


def test_a_place_in_a_video_leaves_out_photos_and_says_so(textreid, kept):
    done = textreid("search", "a red shirt", "--gallery", "gallery", "--since", "0:10")
    assert "3 people in photos left out" in done.stderr
