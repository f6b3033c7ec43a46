"""Equal seeds give equal people, words and pixels: in another process, in any order."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from tests.helpers.drawn_digest import digest
from textreid.synthetic import Camera, View, built_in_gallery, draw_crop, sample_pedestrians

PROGRAM = """
from tests.helpers.drawn_digest import digest
print(digest([5, 1, 3]))
"""


def test_another_process_in_another_order_draws_the_same_bytes() -> None:
    here = digest([1, 3, 5])
    environment = os.environ | {"PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "1"}
    there = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == here


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    assert sample_pedestrians(30, seed=3)[:8] == sample_pedestrians(8, seed=3)


def test_seeds_and_numbers_matter() -> None:
    people = sample_pedestrians(5, seed=3)
    assert sample_pedestrians(5, seed=4) != people
    assert [p.number for p in sample_pedestrians(5, seed=3, start=100)] == [100, 101, 102, 103, 104]
    person, view = people[0], View(yaw=10.0)
    crops = {draw_crop(person, view, Camera.place(0, n), seed).tobytes() for n in (1, 2) for seed in (0, 1)}
    assert len(crops) == 4


def test_frames_are_equal_when_drawn_again() -> None:
    first, again = (list(built_in_gallery(3, cameras=1, identities=6, seed=5, size=(640, 480))) for _ in "ab")
    assert [f.image.tobytes() for f in first] == [f.image.tobytes() for f in again]
    assert [f.people for f in first] == [f.people for f in again]


def test_the_callers_random_numbers_are_left_alone() -> None:
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    digest([0])
    assert np.random.random() == expected
