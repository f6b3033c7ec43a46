"""CUHK03 by its first protocol with boxes drawn by hand: `_cuhk03_classic` has paper and layout.

20 test sets of 100 persons, the other 1,367 for training; one gallery image of each person is drawn, again
and again. How many images a trial has depends on whom it tests.
The data are given by its authors (www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html) for research.
"""

from __future__ import annotations

from pathlib import Path

from textreid.data.datasets._cuhk03_classic import load_classic
from textreid.data.datasets._trials import splits
from textreid.types import PersonCrop

SPLITS = splits(20)
SINGLE_SHOT = True
COUNTS = {"train": {"persons": 1_367}, "test": {"persons": 100}}


def load(root: str | Path, split: str) -> list[PersonCrop]:
    """The crops of one split in file-name order; `load_classic` says what errors there are."""
    return load_classic(root, split, "labeled")
