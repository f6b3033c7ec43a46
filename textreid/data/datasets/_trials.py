"""What the data sets share that are split again and again: every trial has a training and a test half.

The splits of the first trial are "train", "query" and "gallery", those of the second "train_2", "query_2" and
"gallery_2", and so on: train on "train_2", measure on "test_2", and report the mean over the trials. Queries
are the test persons' images in the first view, the gallery those in the second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace

from textreid.errors import InputError
from textreid.types import PersonCrop

VIEWS = {"train": (1, 2), "query": (1,), "gallery": (2,)}
"""Part of a trial -> the cameras whose images are in it."""


def trial_splits(trials: int) -> tuple[str, ...]:
    """The names of all splits: ("train", "query", "gallery", "train_2", ...)."""
    return tuple(
        part if trial == 1 else f"{part}_{trial}" for trial in range(1, trials + 1) for part in VIEWS
    )


def parse(split: str) -> tuple[str, int]:
    """The part and the trial, from 1, that a split names."""
    part, _, trial = split.partition("_")
    return part, int(trial or 1)


def choose(crops: Iterable[PersonCrop], part: str, tested: Collection[int]) -> list[PersonCrop]:
    """The crops of one part of a trial, from all of the data set's.

    Args:
        crops: with cameras 1 and 2.
        part: "train", "query" or "gallery".
        tested: the persons of the trial's test half.

    Raises:
        InputError: there is none: images are missing.
    """
    chosen = [
        replace(crop, split=part)
        for crop in crops
        if (crop.person_id in tested) == (part != "train") and crop.camera_id in VIEWS[part]
    ]
    if not chosen:
        raise InputError(f"No image is left for '{part}': the data set is not whole. Unpack it again.")
    return chosen


def draw_tested(crops: Iterable[PersonCrop], number: int, trial: int) -> set[int]:
    """The test persons of a trial, drawn by hash: the same on every machine and with every release of numpy.

    Args:
        crops: all of the data set's.
        number: how many to draw.
        trial: from 1.
    """

    def lot(person: int) -> bytes:
        return hashlib.sha256(f"{trial} {person}".encode()).digest()

    return set(sorted({crop.person_id for crop in crops if crop.person_id is not None}, key=lot)[:number])
