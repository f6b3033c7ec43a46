"""CUHK03-NP with boxes drawn by hand: `_cuhk03_np` has the papers and the layout.

Counts: train 7,368 images of 767 persons, 1,400 queries of 700 persons, gallery 5,328 images.
The authors of the protocol (github.com/zhunzhong07/person-re-ranking) link the data, for research alone.
"""

from __future__ import annotations

from textreid.data.datasets._cuhk03_np import layout
from textreid.data.datasets._file_names import NamedDataSet

COUNTS = {
    "train": {"images": 7_368, "persons": 767},
    "test": {"queries": 1_400, "gallery": 5_328, "persons": 700},
}


class Cuhk03NpLabeled(NamedDataSet):
    """The new protocol of CUHK03 with boxes drawn by hand."""

    counts = COUNTS
    layout = layout("labeled")
