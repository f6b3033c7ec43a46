"""kill -9 at any moment: the gallery opens and holds every acknowledged batch, and no part of another."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.helpers.toy_gallery import embed, fill, people
from textreid_index import Gallery

BATCH = 25
WRITER = f"""
import sys
from textreid_index import Gallery, SourceState
from tests.helpers.toy_gallery import fill, people
with Gallery.open(sys.argv[1], create=True) as gallery:
    number = len(gallery.sources())
    while True:
        source = SourceState(f"photo{{number}}", number, number, "crops", people={BATCH})
        fill(gallery, people({BATCH}, prefix=f"b{{number}}-"), seed=number, source=source)
        print("added", number, flush=True)
        if number % 5 == 4:
            gallery.delete([f"b{{number}}-000"])
            print("deleted", number, flush=True)
        number += 1
"""


def write_and_die(rng: random.Random, folder: Path) -> set[tuple[str, int]]:
    """Let a writer go on with batches, kill it at a random moment; what it had acknowledged by then."""
    lines: list[bytes] = []
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        lines += [writer.stdout.readline() for _ in range(rng.randint(1, 15))]
        time.sleep(rng.random() / 50)
        writer.kill()
        lines += writer.stdout.readlines()
    assert lines[0].endswith(b"\n")
    whole = [line for line in lines if line.endswith(b"\n")]  # the kill may cut the last one short
    return {(verb.decode(), int(number)) for verb, number in map(bytes.split, whole)}


def test_killed_again_and_again(tmp_path: Path) -> None:
    rng = random.Random(0)
    acknowledged: set[tuple[str, int]] = set()
    for times in range(1, 6):
        acknowledged |= write_and_die(rng, tmp_path / "g")
        with Gallery.open(tmp_path / "g") as gallery:
            assert gallery.verify() == []
            counts = Counter(int(record.id[1:].split("-")[0]) for record in gallery.records())
            assert {state.size for state in gallery.sources()} == set(counts)
            assert gallery.search(embed(["q"]), 10).ids.shape == (1, 10)
        added = {number for verb, number in acknowledged if verb == "added"}
        assert added <= set(counts)
        assert len(set(counts) - added) <= times  # committed, and killed before it could say so
        for number, count in counts.items():
            deleting = number % 5 == 4
            whole = BATCH - 1 if ("deleted", number) in acknowledged else BATCH
            assert count in ({whole, BATCH - 1} if deleting else {whole})


@pytest.mark.parametrize("moment", range(6))
def test_killed_while_creating(tmp_path: Path, moment: int) -> None:
    """Die before each of the first SQL statements of a new gallery in turn."""
    code = f"""
import os, sqlite3, sys
from textreid_index import Gallery
left = [{moment * 5}]
class Dying(sqlite3.Connection):
    def execute(self, *arguments):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return super().execute(*arguments)
connect = sqlite3.connect
sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Dying, **options)
Gallery.open(sys.argv[1], create=True)
"""
    result = subprocess.run([sys.executable, "-c", code, str(tmp_path / "g")], check=False)
    assert result.returncode in (0, 9)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        fill(gallery, people(3))
        assert gallery.verify() == []
        assert len(gallery) == 3
