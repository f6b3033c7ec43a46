"""kill -9 while indexing: what was committed stays, and the same command completes it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.helpers.toy import COLOURS, draw_person
from textreid_index import Gallery

ROOT = Path(__file__).parents[2]
PEOPLE = 990


def draw_crowd(folder: Path) -> None:
    folder.mkdir()
    outfits = itertools.islice(itertools.cycle(itertools.product(COLOURS, COLOURS)), PEOPLE)
    for number, (upper, lower) in enumerate(outfits):
        draw_person(upper, lower).save(folder / f"{number}.png")


def people_in(path: Path) -> int:
    if not (path / "gallery.sqlite").exists():
        return 0
    with Gallery.open(path, create=True) as gallery:
        return len(gallery)


def test_killed_then_verified_then_completed(tmp_path):
    photos, gallery = tmp_path / "photos", tmp_path / "gallery"
    draw_crowd(photos)
    command = [
        sys.executable,
        "-m",
        "tests.helpers.toy",
        "index",
        str(photos),
        "--gallery",
        str(gallery),
        "--crops",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while people_in(gallery) < 64 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it had finished before it could be killed"

    with Gallery.open(gallery) as opened:
        left = len(opened)
        assert opened.verify() == []
        states = opened.sources()
    assert 64 <= left < PEOPLE
    assert len(states) == left
    assert {state.status for state in states} == {"done"}

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert f"{PEOPLE - left} people added; {left} files unchanged." in done.stderr
    with Gallery.open(gallery) as opened:
        assert len(opened) == PEOPLE
        assert opened.verify() == []
