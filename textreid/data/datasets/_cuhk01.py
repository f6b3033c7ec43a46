"""CUHK01: image to image, 971 persons with two images in each of two views.

Li et al., "Human Reidentification with Transferred Metric Learning", ACCV 2012.

Layout: `CUHK01/campus`, file names `0001001.png`: person and image; images 1 and 2 are one view, 3 and 4 the
other. The authors published no lists of the random splits, so they are drawn here by trial number.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from textreid.data.datasets._data_set import DataSet
from textreid.data.datasets._file_names import list_images, parse_name
from textreid.data.datasets._layout import find_folder
from textreid.data.datasets._trials import choose, draw_tested, parse, trial_splits
from textreid.types import PersonCrop

NAME = re.compile(r"(?P<person>\d{4})(?P<image>00[1-4])\.png")
HINT = "Request the data from the authors: www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html"


class Cuhk01Protocol(DataSet):
    """One way to part CUHK01 into persons to train on and persons to test with, ten times.

    Attributes:
        tested: how many persons a trial tests with.
    """

    splits = trial_splits(10)
    single_shot = True
    tested: ClassVar[int]

    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The crops of one split in file-name order.

        Raises:
            InputError: the folder is missing or holds no image.
            AnnotationError: an image whose name does not follow the data set's pattern.
        """
        folder = find_folder(root, "CUHK01", "campus", hint=HINT) / "campus"
        crops = []
        for path in list_images(folder, ".png"):
            found = parse_name(path, NAME, "0001001.png (person, image 001 to 004)", ".png")
            crops.append(
                PersonCrop(
                    id=f"campus/{path.name}",
                    image=path,
                    person_id=int(found["person"]),
                    camera_id=1 if int(found["image"]) <= 2 else 2,
                )
            )
        part, trial = parse(split)
        return choose(crops, part, draw_tested(crops, self.tested, trial))
