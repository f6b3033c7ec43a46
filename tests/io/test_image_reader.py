from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image

from textreid.errors import InputError
from textreid.io.image_reader import consecutive, read_images


@pytest.fixture
def files(tmp_path):
    """Seven images, each of one grey that is its number."""
    paths = [tmp_path / f"{number}.png" for number in range(7)]
    for number, path in enumerate(paths):
        Image.new("RGB", (3, 5), (number,) * 3).save(path)
    return paths


def greys(number, images):
    return number, [int(np.asarray(image)[0, 0, 0]) for image in images]


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_the_order_that_is_asked_for(files, workers):
    order = [[5, 1], [3], [1, 1, 6]]
    found = list(read_images(files, order, greys, workers=workers))
    assert found == [(0, [5, 1]), (1, [3]), (2, [1, 1, 6])]
    assert list(read_images(files, order, greys, workers=workers, first=2)) == found[2:]


@pytest.mark.parametrize("workers", [0, 2])
def test_all_files_that_cannot_be_read_are_named_and_nothing_follows_them(files, workers):
    files[3].write_bytes(b"")
    files[6].unlink()
    seen = []
    with pytest.raises(InputError, match="2 of 7 images") as raised:
        seen.extend(read_images(files, consecutive(7, 2), greys, workers=workers))
    assert seen == [(0, [0, 1])]
    _, *lines = str(raised.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [str(files[3]), str(files[6])]


def test_an_error_names_twenty_files_and_counts_the_others(tmp_path):
    files = [tmp_path / f"{number}.jpg" for number in range(25)]
    with pytest.raises(InputError) as raised:
        list(read_images(files, consecutive(25, 10), greys))
    lines = str(raised.value).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "and 5 more"


def test_without_workers_a_transform_runs_where_the_images_are_used(files):
    threads = list(read_images(files, consecutive(7, 3), lambda *_: threading.current_thread()))
    assert threads == [threading.current_thread()] * 3


def test_consecutive_rows_are_all_there_once():
    assert [list(rows) for rows in consecutive(5, 2)] == [[0, 1], [2, 3], [4]]
    assert consecutive(0, 4) == []
