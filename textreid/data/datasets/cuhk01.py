"""CUHK01 with 485 persons to train on and 486 to test with: `_cuhk01` has paper and layout.

Ten random splits, each: train 1,940 images, 972 queries, gallery 972 images, of which one of each person is
drawn, again and again.
The data are given by its authors (www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html) for research.
"""

from __future__ import annotations

from textreid.data.datasets._cuhk01 import Cuhk01Protocol

COUNTS = {
    "train": {"images": 1_940, "persons": 485},
    "test": {"queries": 972, "gallery": 972, "persons": 486},
}


class Cuhk01(Cuhk01Protocol):
    """Each trial tests with 486 persons."""

    tested = 486
    counts = COUNTS
