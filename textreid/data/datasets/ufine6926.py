"""UFine6926: text to image, 6,926 persons, 81 words a caption.

Zuo et al., "UFineBench: Towards Text-based Person Retrieval with Ultra-fine Granularity", CVPR 2024.

Layout: `UFine6926/images/...` and one JSON file in `UFine6926/`, a list of rows
`{"split", "captions": [two], "file_path": "images/1.jpg", "id"}`. There is no val split. Counts (images /
captions / persons): train 18,577 / 37,154 / 4,926, test 7,629 / 15,258 / 2,000. Most captions are longer than
the 77 tokens of CLIP, which cuts off their ends.
Its authors (github.com/Zplusdragon/UFineBench) give the data on a signed licence, for research alone.
"""

from __future__ import annotations

from textreid.data.datasets._captions import CaptionedDataSet, CaptionLayout

COUNTS = {
    "train": {"images": 18_577, "captions": 37_154, "persons": 4_926},
    "test": {"images": 7_629, "captions": 15_258, "persons": 2_000},
}
LAYOUT = CaptionLayout(
    folder="UFine6926",
    annotations="*.json",
    hint="Request the data from the authors: github.com/Zplusdragon/UFineBench",
    images=".",
)


class Ufine6926(CaptionedDataSet):
    """The data set as its authors publish it."""

    splits = ("train", "test")
    counts = COUNTS
    layout = LAYOUT
