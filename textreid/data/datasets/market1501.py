"""Market-1501 (Zheng et al., "Scalable Person Re-identification: A Benchmark", ICCV 2015).

Layout: `Market-1501-v15.09.15/{bounding_box_train, query, bounding_box_test}`, file names
`PPPP_cCsS_FFFFFF_NN.jpg`: person -1 is junk, person 0 a distractor. Official counts: train 12,936 images of
751 persons, 3,368 queries of 750 persons, gallery 19,732 images of which 15,913 remain without junk.
"""

from __future__ import annotations

import re
from pathlib import Path

from textreid.data.datasets import find_folder
from textreid.errors import AnnotationError, InputError
from textreid.types import PersonCrop

SPLITS = ("train", "query", "gallery")
FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
NAME = re.compile(r"(?P<person>-1|\d{4,})_c(?P<camera>\d+)s\d+_\d+_\d+\.jpe?g(?:\.jpg)?$")
HINT = "Request the data from the authors, or draw some: textreid synthesize --format market1501 --out DIR"


def load(root: str | Path, split: str) -> list[PersonCrop]:
    """The crops of one split in file-name order, junk (person -1) and distractors (person 0) included.

    Raises:
        InputError: the folder is missing or holds no image.
        AnnotationError: an image whose name does not follow the data set's pattern.
    """
    folder = find_folder(root, "Market-1501-v15.09.15", FOLDERS[split], hint=HINT) / FOLDERS[split]
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    if not files:
        raise InputError(f"'{folder}' holds no .jpg image.")
    return [_crop(path, split) for path in files]


def _crop(path: Path, split: str) -> PersonCrop:
    match = NAME.match(path.name)
    if match is None:
        raise AnnotationError(
            f"{path}: expected a name such as 0002_c1s1_000451_03.jpg (person, camera, frame, box)"
        )
    return PersonCrop(
        id=f"{FOLDERS[split]}/{path.name}",
        image=path,
        person_id=int(match["person"]),
        camera_id=int(match["camera"]),
        split=split,
    )
