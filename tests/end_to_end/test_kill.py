"""kill -9 while indexing: what was committed stays, and the same command completes it."""

from __future__ import annotations

import signal
import subprocess
import time

from tests.helpers.toy_crowd import PEOPLE, draw_crowd, people_in, start_indexing
from textreid_index import Gallery


def test_killed_then_verified_then_completed(tmp_path):
    photos, gallery = tmp_path / "photos", tmp_path / "gallery"
    draw_crowd(photos)
    process = start_indexing(photos, gallery, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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

    again = start_indexing(photos, gallery, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, stderr = again.communicate()
    assert again.returncode == 0
    assert f"{PEOPLE - left} people added; {left} files unchanged." in stderr
    with Gallery.open(gallery) as opened:
        assert len(opened) == PEOPLE
        assert opened.verify() == []
