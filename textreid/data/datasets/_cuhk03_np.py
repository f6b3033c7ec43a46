"""The new protocol of CUHK03, as Market-1501's: 767 persons to train on and 700 to test with.

Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017; images of Li et
al., "DeepReID: Deep Filter Pairing Neural Network for Person Re-Identification", CVPR 2014.

Layout: `cuhk03-np/{labeled, detected}/{bounding_box_train, query, bounding_box_test}`, file names
`0003_c1_21.png`: person, view 1 or 2 of a pair of cameras, number. Each person is asked for once from each
view.
"""

from __future__ import annotations

import re

from textreid.data.datasets._file_names import FileNameLayout


def layout(boxes: str) -> FileNameLayout:
    """The layout with "labeled" boxes (drawn by hand) or "detected" ones (from a detector)."""
    return FileNameLayout(
        folder="cuhk03-np",
        inside=boxes,
        name=re.compile(r"(?P<person>\d{4,18})_c(?P<camera>[12])_\d+\.png", re.IGNORECASE),
        example="0003_c1_21.png (person, view, number)",
        hint="Get the data from the protocol's authors: github.com/zhunzhong07/person-re-ranking (CUHK03-NP)",
        suffix=".png",
    )
