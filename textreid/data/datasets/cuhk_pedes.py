"""CUHK-PEDES (Li et al., "Person Search with Natural Language Description", CVPR 2017).

Layout: `CUHK-PEDES/imgs/...` and `CUHK-PEDES/reid_raw.json`, a list of rows
`{"split", "captions": [...], "file_path", "id"}`; persons are numbered from 1. Counts (images / captions /
persons): train 34,054 / 68,126 / 11,003, val 3,078 / 6,158 / 1,000, test 3,074 / 6,156 / 1,000.
The data are given by its authors on request, for non-commercial research.
"""

from __future__ import annotations

from pathlib import Path

from textreid.data.datasets._captions import CaptionedDataSet, CaptionLayout
from textreid.errors import warn_renamed
from textreid.types import PersonCrop

COUNTS = {
    "train": {"images": 34_054, "captions": 68_126, "persons": 11_003},
    "val": {"images": 3_078, "captions": 6_158, "persons": 1_000},
    "test": {"images": 3_074, "captions": 6_156, "persons": 1_000},
}
LAYOUT = CaptionLayout(
    folder="CUHK-PEDES",
    annotations="reid_raw.json",
    hint="Request the data from the authors, or draw some: textreid synthesize --format cuhk-pedes --out DIR",
)


class CuhkPedes(CaptionedDataSet):
    """The data set as its authors publish it."""

    splits = ("train", "val", "test")
    counts = COUNTS
    layout = LAYOUT


def load(root: str | Path, split: str) -> list[PersonCrop]:
    """The crops of one split, as version 0.1.0 spelled it."""
    warn_renamed(f"{__name__}.load(root, split)", 'textreid.data.datasets.load("cuhk-pedes", root, split)')
    return CuhkPedes().load(root, split)
