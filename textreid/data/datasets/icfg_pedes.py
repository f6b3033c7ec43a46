"""ICFG-PEDES: text to image, 4,102 persons of MSMT17.

Ding et al., "Semantically Self-Aligned Network for Text-to-Image Part-aware Person Re-identification",
arXiv:2107.12666, 2021.

Layout: `ICFG-PEDES/imgs/...` and `ICFG-PEDES/ICFG-PEDES.json`, a list of rows
`{"split", "captions": [one], "file_path", "id"}`; persons are numbered from 0. There is no val split. Counts
(images, each with one caption / persons): train 34,674 / 3,102, test 19,848 / 1,000. A model trained on
MSMT17 may have seen the test persons.
Its authors (github.com/zifyloo/SSAN) give the data on request, for non-commercial research.
"""

from __future__ import annotations

from textreid.data.datasets._captions import CaptionedDataSet, CaptionLayout

COUNTS = {
    "train": {"images": 34_674, "captions": 34_674, "persons": 3_102},
    "test": {"images": 19_848, "captions": 19_848, "persons": 1_000},
}
LAYOUT = CaptionLayout(
    folder="ICFG-PEDES",
    annotations="ICFG-PEDES.json",
    hint="Request the data from the authors: github.com/zifyloo/SSAN",
)


class IcfgPedes(CaptionedDataSet):
    """The data set as its authors publish it."""

    splits = ("train", "test")
    counts = COUNTS
    layout = LAYOUT
