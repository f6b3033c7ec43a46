"""CUHK03-NP with boxes found by a detector: `_cuhk03_np` has the papers and the layout.

Counts: train 7,365 images of 767 persons, 1,400 queries of 700 persons, gallery 5,332 images.
The authors of the protocol (github.com/zhunzhong07/person-re-ranking) link the data, for research alone.
"""

from __future__ import annotations

from textreid.data.datasets._cuhk03_np import layout
from textreid.data.datasets._file_names import NamedDataSet

COUNTS = {
    "train": {"images": 7_365, "persons": 767},
    "test": {"queries": 1_400, "gallery": 5_332, "persons": 700},
}


class Cuhk03NpDetected(NamedDataSet):
    """The new protocol of CUHK03 with boxes found by a detector."""

    counts = COUNTS
    layout = layout("detected")
