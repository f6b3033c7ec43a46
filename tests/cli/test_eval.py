from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner, Result

from tests.official_layouts import caption, write_cuhk_pedes, write_market1501
from tests.toy import ToyEncoder
from textreid.cli import application
from textreid.encode import Encoder


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
    result = textreid("eval", "market1501", "--root", root, "--model", "other", "--rerank", "--json")
    printed = json.loads(result.stdout)
    assert (printed["dataset"], printed["split"], printed["model"]) == ("market1501", "test", "other")
    assert printed["counts"] == {"queries": 2, "gallery": 5, "persons": 2, "distractors": 1, "junk": 1}
    assert {"image_to_image", "before_rerank"} <= printed.keys()


def test_the_table_names_what_was_measured(textreid, root):
    result = textreid("eval", "cuhk-pedes", "--root", root)
    assert result.exit_code == 0
    for words in ("cuhk-pedes test: pocket", "text to image", "image to text", "R@1", "mINP", "4 images"):
        assert words in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["market150"], "Did you mean 'market1501'"),
        (["cuhk-pedes", "--split", "vall"], "Did you mean 'val'"),
        (["cuhk-pedes", "--split", "val"], "no rows of split 'val'"),
        (["cuhk-pedes", "--rerank"], "leave --rerank out"),
        (["market1501", "--split", "val"], "Known: test"),
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
