"""Whatever a command writes to: letters of every script arrive, and an answer that cannot be is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.toy import ToyEncoder
from textreid.search.person_search import PersonSearch
from textreid.synthetic import built_in_gallery

NAME = "王.jpg"
TOY_SEARCH = """
import sys, types
from textreid.io.user_folders import lead_libraries
lead_libraries()  # as `main` does, before anything imports what the toy imports
from tests.helpers.toy import ToyEncoder
sys.modules["textreid.inference.encoder"] = types.SimpleNamespace(Encoder=ToyEncoder)
from textreid.cli import main
main()
"""
CLOSED = "error: The output cannot be written, it is closed: send it to a file, or to /dev/null.\n"
FULL = "error: The output cannot be written: no space left on device. Send it to another place.\n"
EARLIER = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One person, from a photo whose name is Chinese."""
    place = tmp_path_factory.mktemp("people")
    next(iter(built_in_gallery(1))).image.save(place / NAME)
    with PersonSearch.open(place / "gallery", create=True, encoder=ToyEncoder()) as search:
        search.add(place / NAME, crops=True)
    return place / "gallery"


def run(command: str, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`textreid ARGUMENTS` by a command of the shell, in which "$@" is `textreid`."""
    known = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    return subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-m", "textreid", *arguments],
        env=known | {"NO_COLOR": "1", "COLUMNS": "100"} | variables,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("encoding", EARLIER)
def test_a_name_is_written_as_it_is_whatever_encoding_was_usual(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "models" / "王").mkdir(parents=True)
    (tmp_path / "models" / "王" / "config.json").write_text("{}")
    told = {"TEXTREID_MODELS": str(tmp_path / "models")} | EARLIER[encoding]
    done = run('"$@"', "models", "--json", **told)
    (name,) = {model["name"] for model in json.loads(done.stdout)} - {"pocket", "pocket-synthetic"}
    assert (done.returncode, done.stderr, os.fsencode(name).decode()) == (0, "", "王")


def test_so_it_is_in_a_table_and_in_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "王").mkdir()
    (tmp_path / "王" / "config.json").write_text("{}")
    told = {"TEXTREID_MODELS": str(tmp_path)} | EARLIER["cp1252"]
    assert "\n王 " in run('"$@"', "models", **told).stdout
    done = run('"$@"', "gallery", "info", "--gallery", tmp_path / "王", **told)
    assert (done.returncode, done.stdout) == (2, "")
    assert "王" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["models"], ["gallery", "verify"]])
def test_an_answer_that_cannot_be_written_is_an_error(arguments: list[str], gallery: Path) -> None:
    for command, said in {'"$@" >/dev/full': FULL, '"$@" >&-': CLOSED}.items():
        done = run(command, *arguments, TEXTREID_GALLERY=str(gallery))
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.parametrize("where", ["/dev/full", "&-"])
def test_a_note_that_cannot_be_written_is_none(where: str, gallery: Path, tmp_path: Path) -> None:
    done = run(f'"$@" 2>{where}', "gallery", "verify", "--gallery", gallery)
    assert (done.returncode, done.stdout) == (0, "All is well with 1 person.\n")
    done = run(f'"$@" 2>{where}', "gallery", "verify", "--gallery", tmp_path / "none")
    assert (done.returncode, done.stdout) == (2, "")


def test_no_file_becomes_a_stream_that_was_closed(gallery: Path) -> None:
    done = run('"$@" <&- >&- 2>&-', "gallery", "verify", "--gallery", gallery)
    assert done.returncode == 2
    done = run('"$@"', "gallery", "verify", "--gallery", gallery)
    assert (done.returncode, done.stderr) == (0, "")


def test_who_reads_the_first_line_alone_is_no_error(gallery: Path) -> None:
    done = run('"$@" | head -n 1', "models", "--json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[\n", "")


def test_without_docstrings_one_line_says_why_nothing_works(gallery: Path) -> None:
    done = run('"$@"', "gallery", "verify", "--gallery", gallery, PYTHONOPTIMIZE="2")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.endswith("give the command again without -OO or PYTHONOPTIMIZE=2.")


def test_a_search_needs_no_place_for_temporary_files(gallery: Path) -> None:
    asked = [sys.executable, "-c", TOY_SEARCH, "search", "somebody", "--gallery", gallery, "--json"]
    read_only = (
        "for place in /tmp /var/tmp; do mount --bind $place $place && mount -o remount,bind,ro $place; done;"
        ' exec "$@"'
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", read_only, "sh", *asked],
        cwd="/proc",
        env=os.environ | {"TMPDIR": "/nonexistent", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["source"].endswith(NAME)
