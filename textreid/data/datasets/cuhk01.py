"""CUHK01 with 485 persons to train on and 486 to test with: `_cuhk01` has paper and layout.

Ten random splits, each: train 1,940 images, 972 queries, gallery 972 images, of which one of each person is
drawn, again and again.
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
    "train": {"images": 1_940, "persons": 485},
    "test": {"queries": 972, "gallery": 972, "persons": 486},
}


def load(root: str | Path, split: str) -> list[PersonCrop]:
    """The crops of one split in file-name order; `load_campus` says what errors there are."""
    return load_campus(root, split, test_persons=486)
