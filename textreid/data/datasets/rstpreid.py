"""RSTPReid: text to image, 4,101 persons of MSMT17, five images each.

Zhu et al., "DSSL: Deep Surroundings-person Separation Learning for Text-based Person Retrieval", ACM
Multimedia 2021.

Layout: `RSTPReid/imgs/...` and `RSTPReid/data_captions.json`, a list of rows `{"split", "captions": [two],
"img_path", "id"}`; persons are numbered from 0. Counts (images / captions / persons): train 18,505 / 37,010 /
3,701, val and test 1,000 / 2,000 / 200. Its authors (github.com/NjtechCVLab/RSTPReid-Dataset) give the data
for non-commercial research.
"""

from __future__ import annotations

from textreid.data.datasets._captions import CaptionedDataSet, CaptionLayout

COUNTS = {
    "train": {"images": 18_505, "captions": 37_010, "persons": 3_701},
    "val": {"images": 1_000, "captions": 2_000, "persons": 200},
    "test": {"images": 1_000, "captions": 2_000, "persons": 200},
}
LAYOUT = CaptionLayout(
    folder="RSTPReid",
    annotations="data_captions.json",
    hint="Get the data from the authors: github.com/NjtechCVLab/RSTPReid-Dataset",
    path_key="img_path",
)


class Rstpreid(CaptionedDataSet):
    """The data set as its authors publish it."""

    splits = ("train", "val", "test")
    counts = COUNTS
    layout = LAYOUT
