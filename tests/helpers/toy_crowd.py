"""A crowd that takes long enough to index for a process to be stopped in between."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers.toy import COLOURS, draw_person
from textreid_index import Gallery

ROOT = Path(__file__).parents[2]
PEOPLE = 990


def draw_crowd(folder: Path) -> None:
    folder.mkdir()
    outfits = itertools.islice(itertools.cycle(itertools.product(COLOURS, COLOURS)), PEOPLE)
    for number, (upper, lower) in enumerate(outfits):  # of different sizes: equal files would be one
        size = (40 + number % 33, 100 + number // 33)
        draw_person(upper, lower, size).save(folder / f"{number}.png")


def start_indexing(photos: Path, gallery: Path, **pipes: Any) -> subprocess.Popen[str]:
    """`textreid index` with the toy model, in a process of its own."""
    toy = [sys.executable, "-m", "tests.helpers.toy"]
    command = [*toy, "index", str(photos), "--gallery", str(gallery), "--crops"]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, **pipes)


def people_in(path: Path) -> int:
    if not (path / "gallery.sqlite").exists():
        return 0
    with Gallery.open(path, create=True) as gallery:
        return len(gallery)


OUTFITS = list(itertools.product(("red", "green", "blue", "yellow"), ("black", "white", "blue")))


def draw_outfits(folder: Path) -> Path:
    """One photo of each outfit, called after it: `red-black.png`."""
    folder.mkdir()
    for upper, lower in OUTFITS:
        draw_person(upper, lower).save(folder / f"{upper}-{lower}.png")
    return folder
