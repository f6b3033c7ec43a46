"""CUHK01 with 871 persons to train on and 100 to test with: `_cuhk01` has paper and layout.

What methods report that need much training data. Ten random splits, each: train 3,484 images, 200 queries,
gallery 200 images, of which one of each person is drawn, again and again.
The data are given by its authors (www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html) for research.
"""

from __future__ import annotations

from textreid.data.datasets._cuhk01 import Cuhk01Protocol

COUNTS = {
    "train": {"images": 3_484, "persons": 871},
    "test": {"queries": 200, "gallery": 200, "persons": 100},
}


class Cuhk01With100(Cuhk01Protocol):
    """Each trial tests with 100 persons."""

    tested = 100
    counts = COUNTS
