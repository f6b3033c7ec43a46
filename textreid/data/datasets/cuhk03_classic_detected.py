"""CUHK03 by its first protocol with boxes found by a detector: `_cuhk03_classic` has paper and layout.

20 test sets of 100 persons, the other 1,367 for training; one gallery image of each person is drawn, again
and again. How many images a trial has depends on whom it tests.
The data are given by its authors (www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html) for research.
"""

from __future__ import annotations

from textreid.data.datasets._cuhk03_classic import Cuhk03Classic


class Cuhk03ClassicDetected(Cuhk03Classic):
    """The first protocol of CUHK03 with boxes found by a detector."""

    boxes = "detected"
