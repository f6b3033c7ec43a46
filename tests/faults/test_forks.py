"""Processes that are forked from one that has searched with several threads answer as it does, and end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.toy_gallery import embed, people
from textreid_index import Gallery

CARRY = """
import os, sys
from pathlib import Path
from textreid_index import Gallery

folder = Path(sys.argv[1])
parent_closes, child_reads = os.pipe(), os.pipe()
gallery = Gallery.open(folder)
len(gallery)
gallery.rewind("nothing")  # both connections are open
if os.fork():
    os.read(child_reads[0], 1)
    gallery.close()  # as the last, would it take the log away
    os.write(parent_closes[1], b"-")
    assert os.wait()[1] == 0
else:
    len(gallery)
    os.write(child_reads[1], b"-")
    os.read(parent_closes[0], 1)
    print((folder / "gallery.sqlite-wal").exists(), gallery.rewind("nothing"), gallery.verify(), flush=True)
"""


def run(*arguments: object) -> str:
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the parent and its children find."""
    folder = tmp_path_factory.mktemp("forks") / "gallery"
    return dict(json.loads(run("-m", "tests.helpers.forking", folder)))


@pytest.mark.parametrize(
    "child",
    [
        "searches",
        "searches in a thread",
        "searches by a search of its own",
        "is forked itself",
        "serves a pool",
    ],
)
def test_a_child_finds_what_its_parent_finds(told: dict[str, Any], child: str) -> None:
    assert all(told["parent"].values())
    assert told[child] == told["parent"]


def test_a_child_answers_that_was_forked_while_others_searched(told: dict[str, Any]) -> None:
    assert told["is forked while others search"] == 3 * [told["parent"]]


def test_a_child_ends_as_programs_do(told: dict[str, Any]) -> None:
    assert told["status"] == 7


def test_a_child_that_is_to_index_says_how_that_is_done(told: dict[str, Any]) -> None:
    assert "start it by spawn, or load the first model after the fork" in told["adds"]


def test_a_child_has_locks_of_its_own_on_the_gallery(tmp_path: Path) -> None:
    """Else the parent, closing it as the last who has it, would take the log away from under the child."""
    with Gallery.open(tmp_path / "gallery", create=True) as gallery:
        gallery.add(people(3), embed([one.id for one in people(3)]), [b""] * 3)
    assert run("-c", CARRY, tmp_path / "gallery") == "True 0 []\n"
