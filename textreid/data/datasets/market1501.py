"""Market-1501 (Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015).

Layout: `Market-1501-v15.09.15/{bounding_box_train, query, bounding_box_test}`, file names
`PPPP_cCsS_FFFFFF_NN.jpg`, cameras 1 to 6: person -1 is junk, person 0 a distractor. Counts: train 12,936
images of 751 persons, 3,368 queries of 750 persons, gallery 19,732 images, of which 15,913 remain without
junk. `gt_bbox` holds every box of a person drawn by hand, the queries among them under the same names.
The data are given by its authors on request, for non-commercial research.
"""

from __future__ import annotations

import re
from pathlib import Path

from textreid.data.attributes.annotation_files import with_annotations_beside
from textreid.data.datasets._file_names import FOLDERS, FileNameLayout, NamedDataSet
from textreid.io.typed_path import typed_path
from textreid.types import PersonCrop

COUNTS = {
    "train": {"images": 12_936, "persons": 751},
    "test": {"queries": 3_368, "gallery": 15_913, "persons": 750},
}
LAYOUT = FileNameLayout(
    folder="Market-1501-v15.09.15",
    name=re.compile(
        r"(?P<person>-1|\d{4,18})_c(?P<camera>\d{1,9})s\d+_\d+_\d+\.jpe?g(?:\.jpg)?", re.IGNORECASE
    ),
    example="0002_c1s1_000451_03.jpg (person, camera, frame, box)",
    hint="Request the data from the authors, or draw some: textreid synthesize --format market1501 --out DIR",
)


class Market1501(NamedDataSet):
    """The data set as its authors publish it, with its attributes where their file lies."""

    counts = COUNTS
    layout = LAYOUT

    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The crops of one split in file-name order, junk (person -1) and distractors (person 0) included.

        They carry their attributes if `market_attribute.mat` lies in the folder or beside it.
        """
        return with_annotations_beside(super().load(root, split), root, self.layout.folder)

    def companions(self, root: str | Path) -> list[PersonCrop]:
        """The boxes drawn by hand, as published multi-query numbers take them, where they are there."""
        folders = (typed_path(root) / self.layout.folder, typed_path(root))
        there = any((folder / FOLDERS["companions"]).is_dir() for folder in folders)
        return super().load(root, "companions") if there else []
