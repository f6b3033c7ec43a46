from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner, Result

from tests.helpers.official_layouts import caption, write_cuhk_pedes, write_market1501, write_named
from tests.helpers.toy import ToyEncoder
from tests.helpers.toy_matcher import MixedUp
from textreid.cli import application
from textreid.inference.encoder import Encoder


@pytest.fixture
def textreid(monkeypatch):
    """The command line, with the toy encoder under whatever name is asked for."""
    monkeypatch.setattr(Encoder, "load", lambda name, device: ToyEncoder(name))
    return lambda *arguments: CliRunner().invoke(application(), [str(argument) for argument in arguments])


@pytest.fixture
def root(tmp_path):
    write_cuhk_pedes(tmp_path, [(person, "test", [caption(person)] * 2) for person in (1, 1, 2, 3)])
    gallery = ["-1_c3", "0000_c1", "0001_c1", "0001_c2", "0002_c1", "0002_c2"]
    write_market1501(tmp_path, ["0001_c1", "0002_c2"], gallery)
    return tmp_path


def test_json_is_one_object_on_stdout_and_progress_is_elsewhere(textreid, root):
    result: Result = textreid("eval", "cuhk-pedes", "--root", root, "--split", "test", "--json")
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert (printed["dataset"], printed["split"], printed["model"]) == ("cuhk-pedes", "test", "pocket")
    for direction, queries, gallery in (("text_to_image", 8, 4), ("image_to_text", 4, 8)):
        keys = ("R1", "R5", "R10", "mAP", "mINP", "queries", "gallery")
        assert [printed[direction][key] for key in keys] == [100, 100, 100, 100, 100, queries, gallery]
    assert "Images" in result.stderr
    assert "4 images instead of 3,074" in result.stderr


def test_market1501(textreid, root):
    result = textreid("eval", "market1501", "--root", root, "--model", "other", "--k-reciprocal", "--json")
    printed = json.loads(result.stdout)
    assert (printed["dataset"], printed["split"], printed["model"]) == ("market1501", "test", "other")
    assert printed["counts"] == {"queries": 2, "gallery": 5, "persons": 2, "distractors": 1, "junk": 1}
    assert {"image_to_image", "plain"} <= printed.keys()


def test_training_persons_join_the_gallery(textreid, root):
    folder = root / "Market-1501-v15.09.15"
    write_named(folder, bounding_box_train=["0003_c1s1_000000_00.jpg", "0004_c1s1_000000_00.jpg"])
    arguments = ("eval", "market1501", "--root", root, "--distractors", "train")
    assert "market1501 test among train: pocket" in textreid(*arguments).stdout
    assert json.loads(textreid(*arguments, "--json").stdout)["counts"]["distractors"] == 3


def test_the_table_names_what_was_measured(textreid, root):
    result = textreid("eval", "cuhk-pedes", "--root", root)
    assert result.exit_code == 0
    for words in ("cuhk-pedes test: pocket", "text to image", "image to text", "R@1", "mINP", "4 images"):
        assert words in result.stdout


def test_tables_of_parts_and_a_report(textreid, root, tmp_path):
    page = tmp_path / "page.html"
    result = textreid(
        *(
            "eval",
            "cuhk-pedes",
            "--root",
            root,
            "--by",
            "source",
            "--k-reciprocal",
            "--report",
            page,
            "--pictures",
        )
    )
    assert result.exit_code == 0
    for words in ("text to image, plain", "k-reciprocal re-ranking", "by source of the query", "cam_a"):
        assert words in result.stdout
    assert "data:image/jpeg" in page.read_text()


def test_a_division_without_groups_is_said_and_not_drawn(textreid, root):
    result = textreid("eval", "cuhk-pedes", "--root", root, "--by", "caption")
    assert "text to image by caption of the query" in result.stdout
    assert "image to text by" not in result.stdout
    assert "image to text: no query has a caption" in result.stderr


def test_a_run_is_measured_by_both_choices_of_its_epoch(textreid, root, tmp_path):
    run = tmp_path / "run"
    for folder in ("model", "epochs/1", "epochs/2"):
        (run / folder).mkdir(parents=True)
    (run / "log.jsonl").touch()
    (run / "best.json").write_text(json.dumps({"epoch": 2, "val": {"cuhk-pedes val": {"R1": 20.0}}}))
    result = textreid("eval", "cuhk-pedes", "--root", root, "--model", run)
    assert "text to image, val-selected (epoch 2)" in result.stdout
    assert "text to image, test-selected (epoch 1)" in result.stdout


def test_the_matcher_is_named_only_where_it_took_part(monkeypatch, root, tmp_path):
    monkeypatch.setattr(Encoder, "load", lambda name, device: MixedUp(name))
    page = tmp_path / "page.md"
    arguments = ["eval", "cuhk-pedes", "--root", str(root), "--rerank", "2", "--report", str(page)]
    result = CliRunner(env={"COLUMNS": "200"}).invoke(application(), arguments)
    headings = [line for line in result.stdout.splitlines() if "text to image" in line]
    for words in ("text to image, plain", "text to image, matcher (top 2)", "image to text "):
        assert any(words in line for line in headings)
    assert "image to text," not in result.stdout
    rows = [line for line in page.read_text().splitlines() if "| image to text |" in line]
    assert [row.split("|")[1].strip() for row in rows] == ["pocket"]


def test_the_old_name_of_the_matchers_number_still_works_and_is_hidden(monkeypatch, root):
    monkeypatch.setattr(Encoder, "load", lambda name, device: MixedUp(name))
    new, old = (
        CliRunner().invoke(application(), ["eval", "cuhk-pedes", "--root", str(root), option, "2", "--json"])
        for option in ("--rerank", "--match")
    )
    assert new.exit_code == old.exit_code == 0
    assert old.stdout == new.stdout
    assert "note: --match 2 is now --rerank 2.\n" in old.stderr
    assert "is now" not in new.stderr
    assert "--match" not in CliRunner().invoke(application(), ["eval", "--help"]).stdout


@pytest.mark.parametrize("verb", ["eval", "search"])
@pytest.mark.parametrize("after", [[], ["--json"], ["--root", "data"]])
def test_reranking_without_a_number_is_refused_and_not_guessed(textreid, verb, after):
    result = textreid(verb, "market1501", "--rerank", *after)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "--rerank 64" in line
    assert "--k-reciprocal" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["market1501", "--rerank", "5"], "leave --rerank out"),
        (["market150"], "Did you mean 'market1501'"),
        (["cuhk-pedes", "--split", "vall"], "Did you mean 'val'"),
        (["cuhk-pedes", "--split", "val"], "no rows of split 'val'"),
        (["cuhk-pedes", "--multi-query", "mean"], "leave --multi-query out"),
        (["cuhk-pedes", "--multi-query", "median"], "Known: max, mean"),
        (["cuhk-pedes", "--direction", "text"], "Known: image_to_image"),
        (["cuhk-pedes", "--by", "colour"], "Known: attribute, camera, caption, source"),
        (["cuhk-pedes", "--report", "page.txt"], "a .html or a .md file"),
        (["market1501", "--split", "val"], "Known: test"),
        (["market1501", "--distractors", "trian"], "Did you mean 'train'"),
        (["cuhk-pedes", "--distractors", "train"], "leave --distractors out"),
    ],
)
def test_mistakes_are_one_message_on_stderr(textreid, root, arguments, message):
    result = textreid("eval", *arguments, "--root", root)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_missing_root_says_the_layout_and_who_has_the_data(textreid, tmp_path):
    result = textreid("eval", "market1501", "--root", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "Market-1501-v15.09.15" in result.stderr
    assert "Request the data from the authors" in result.stderr


def test_a_wrong_root_is_said_before_torch_is_loaded(tmp_path):
    program = (
        "import sys, textreid.cli\n"
        f"sys.argv = ['textreid', 'eval', 'cuhk-pedes', '--root', {str(tmp_path)!r}]\n"
        "try: textreid.cli.main()\n"
        "except SystemExit as stop: sys.exit(100 if 'torch' in sys.modules else stop.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "No CUHK-PEDES data at" in done.stderr
