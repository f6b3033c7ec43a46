"""Ctrl-C while indexing: what was found is stored, the way to go on is said, and the exit code is 130."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.helpers.toy_crowd import PEOPLE, draw_crowd, people_in, start_indexing
from textreid_index import Gallery


@pytest.fixture
def heeded() -> Iterator[None]:
    """What is started heeds Ctrl-C, even where the tests are a background job of a shell, which does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
def test_interrupted_then_completed(tmp_path):
    photos, gallery = tmp_path / "photos", tmp_path / "gallery"
    draw_crowd(photos)
    process = start_indexing(photos, gallery, stderr=subprocess.PIPE)
    while people_in(gallery) < 64 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    left = people_in(gallery)
    assert 64 <= left < PEOPLE
    again = start_indexing(photos, gallery, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, stderr = again.communicate()
    assert again.returncode == 0
    assert f"{PEOPLE - left} people added; {left} files unchanged." in stderr
    with Gallery.open(gallery) as opened:
        assert opened.verify() == []
