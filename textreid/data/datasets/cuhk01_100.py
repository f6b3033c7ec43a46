"""CUHK01 with 871 persons to train on and 100 to test with: `_cuhk01` has paper and layout.

What methods report that need much training data. Ten random splits, each: train 3,484 images, 200 queries,
gallery 200 images, of which one of each person is drawn, again and again.
The data are given by its authors (www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html) for research.
"""

from __future__ import annotations

from pathlib import Path

from textreid.data.datasets._cuhk01 import load_campus
from textreid.data.datasets._trials import splits
from textreid.types import PersonCrop

SPLITS = splits(10)
SINGLE_SHOT = True
COUNTS = {
    "train": {"images": 3_484, "persons": 871},
    "test": {"queries": 200, "gallery": 200, "persons": 100},
}


def load(root: str | Path, split: str) -> list[PersonCrop]:
    """The crops of one split in file-name order; `load_campus` says what errors there are."""
    return load_campus(root, split, test_persons=100)
