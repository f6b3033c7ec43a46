"""MSMT17 (Wei et al., "Person Transfer GAN to Bridge Domain Gap for Person Re-Identification", CVPR 2018).

Layout: `MSMT17_V1/{train, test}` or, with blurred faces, `MSMT17_V2/{mask_train_v2, mask_test_v2}`; beside
them `list_train.txt`, `list_val.txt`, `list_query.txt` and `list_gallery.txt` with a line
`0000/0000_000_01_0303morning_0015_0.jpg 0` for each image: its path, whose third number is the camera (1 to
15), and its person. Test persons are numbered from 0 again in those lists, and from 1,041 here, so that no
number is two people. Counts: train 30,248 and val 2,373 images of the same 1,041 persons ("trainval": both,
the 32,621 that papers train on), 11,659 queries of 3,060 persons, gallery 82,161 images.
The data are given by its authors (www.pkuvmc.com) on a signed agreement, for non-commercial research.
"""

from __future__ import annotations

import re
from pathlib import Path

from textreid.data.datasets._data_set import DataSet
from textreid.data.datasets._layout import find_folder
from textreid.data.image_paths import image_below
from textreid.errors import AnnotationError, InputError
from textreid.io.typed_path import typed_path
from textreid.types import PersonCrop

TRAIN_PERSONS = 1_041
HINT = "Request the data from the authors: www.pkuvmc.com"
LINE = re.compile(r"(?P<path>\S+/\d+_\d+_(?P<camera>\d{1,9})_\S+\.jpg) (?P<person>\d{1,18})")
COUNTS = {
    "train": {"images": 30_248, "persons": 1_041},
    "val": {"images": 2_373, "persons": 1_041},
    "trainval": {"images": 32_621, "persons": 1_041},
    "test": {"queries": 11_659, "gallery": 82_161, "persons": 3_060},
}


class Msmt17(DataSet):
    """The data set as its authors publish it, in either version."""

    splits = ("train", "val", "trainval", "query", "gallery")
    unions = ("trainval",)
    counts = COUNTS

    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The crops of one split in the order of its list.

        Raises:
            InputError: the folder or a list is missing or empty.
            AnnotationError: a malformed line, named by file and row.
        """
        folder = _folder(root)
        lists = ("train", "val") if split == "trainval" else (split,)
        return [crop for name in lists for crop in _read(folder, name, split)]


def _folder(root: str | Path) -> Path:
    old, new = typed_path(root) / "MSMT17_V1", "MSMT17_V2"
    folder = old.name if old.exists() else new
    return find_folder(root, folder, "list_train.txt", hint=HINT)


def _read(folder: Path, name: str, split: str) -> list[PersonCrop]:
    training = name in ("train", "val")
    side = "train" if training else "test"
    images = side if (folder / side).exists() else f"mask_{side}_v2"
    path = folder / f"list_{name}.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read '{path}': {error}") from error
    if not lines:
        raise InputError(f"'{path}' names no image.")
    crops = []
    for number, line in enumerate(lines):
        found = LINE.fullmatch(line.strip())
        if found is None:
            raise AnnotationError(
                f"{path}, row {number}: expected a line such as '0000/0000_000_01_0303morning_0015_0.jpg 0'"
                f" (path with camera, person), found {line!r:.80}"
            )
        image = image_below(folder / images, found["path"], f"{path}, row {number}", "path")
        place = f"{images}/{found['path']}"
        crops.append(
            PersonCrop(
                id=place,
                image=image,
                person_id=int(found["person"]) + (0 if training else TRAIN_PERSONS),
                camera_id=int(found["camera"]),
                split=split,
            )
        )
    return crops
