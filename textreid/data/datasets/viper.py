"""VIPeR: image to image, 632 persons with one image in each of two cameras.

Gray et al., "Evaluating Appearance Models for Recognition, Reacquisition, and Tracking", PETS 2007.

Layout: `VIPeR/{cam_a, cam_b}`, file names `000_45.bmp`: person and angle of view. The protocol is ten random
halves, 316 persons to train on and 316 to test with; report the mean. The authors published no lists, so the
halves are drawn here by trial number. Each trial: train 632 images, 316 queries, gallery 316.
The data are at vision.soe.ucsc.edu/node/178, for research.
"""

from __future__ import annotations

import re
from pathlib import Path

from textreid.data.datasets._data_set import DataSet
from textreid.data.datasets._file_names import list_images, parse_name
from textreid.data.datasets._layout import find_folder
from textreid.data.datasets._trials import choose, draw_tested, parse, trial_splits
from textreid.types import PersonCrop

TEST_PERSONS = 316
NAME = re.compile(r"(?P<person>\d{3})_\d+\.bmp")
HINT = "Get the data from vision.soe.ucsc.edu/node/178"
COUNTS = {
    "train": {"images": 632, "persons": 316},
    "test": {"queries": 316, "gallery": 316, "persons": 316},
}


class Viper(DataSet):
    """The protocol of ten random halves."""

    splits = trial_splits(10)
    single_shot = True
    counts = COUNTS

    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The crops of one split, camera a before camera b, each in file-name order.

        Raises:
            InputError: the folder is missing or holds no image.
            AnnotationError: an image whose name does not follow the data set's pattern.
        """
        folder = find_folder(root, "VIPeR", "cam_a", hint=HINT)
        crops = [
            PersonCrop(
                id=f"{path.parent.name}/{path.name}",
                image=path,
                person_id=int(parse_name(path, NAME, "000_45.bmp (person, angle)", ".bmp")["person"]),
                camera_id=camera,
            )
            for camera, place in enumerate(("cam_a", "cam_b"), start=1)
            for path in list_images(folder / place, ".bmp")
        ]
        part, trial = parse(split)
        return choose(crops, part, draw_tested(crops, TEST_PERSONS, trial))
