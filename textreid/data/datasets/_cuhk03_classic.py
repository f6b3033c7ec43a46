"""The first protocol of CUHK03: 20 test sets of 100 persons, one gallery image of each.

Li et al., "DeepReID: Deep Filter Pairing Neural Network for Person Re-Identification", CVPR 2014.

Layout: `cuhk03/images_{labeled, detected}`, file names `1_001_1_01.png` (pair of cameras, person of that
pair, view, image), and `cuhk03/splits_classic_{labeled, detected}.json`, the authors' test sets. `textreid
unpack DIR/cuhk03` makes both from the authors' `cuhk03_release/cuhk-03.mat`; the folder that Torchreid makes
of it is the same. Of 1,467 persons, 1,367 of each trial are left for training.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from textreid.data.datasets._data_set import Counts, DataSet
from textreid.data.datasets._file_names import list_images, parse_name
from textreid.data.datasets._layout import find_folder
from textreid.data.datasets._trials import choose, parse, trial_splits
from textreid.errors import AnnotationError, InputError
from textreid.io.plain_data import read_json
from textreid.types import PersonCrop

NAME = re.compile(r"(?P<pair>[1-5])_(?P<person>\d{3})_(?P<view>[12])_\d{2}\.png")
HINT = (
    "Request cuhk-03.mat from the authors (www.ee.cuhk.edu.hk/~xgwang/CUHK_identification.html), put it into "
    "cuhk03/cuhk03_release, and unpack it once: textreid unpack DIR/cuhk03"
)


class Cuhk03Classic(DataSet):
    """The first protocol with one kind of boxes. A person is numbered 1000 · pair + number in the pair.

    Attributes:
        boxes: "labeled" (drawn by hand) or "detected" (from a detector).
    """

    splits = trial_splits(20)
    single_shot = True
    counts: ClassVar[Counts] = {"train": {"persons": 1_367}, "test": {"persons": 100}}
    boxes: ClassVar[str]

    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The crops of one split in file-name order.

        Raises:
            InputError: the folder or a file is missing or unreadable.
            AnnotationError: a name that does not follow the data set's pattern, named by file and row.
        """
        lists = f"splits_classic_{self.boxes}.json"
        folder = find_folder(root, "cuhk03", lists, hint=HINT)
        images = folder / f"images_{self.boxes}"
        crops = []
        for path in list_images(images, ".png"):
            found = parse_name(path, NAME, "1_001_1_01.png (pair, person, view, image)", ".png")
            crops.append(
                PersonCrop(
                    id=f"{images.name}/{path.name}",
                    image=path,
                    person_id=_person(found),
                    camera_id=int(found["view"]),
                )
            )
        part, trial = parse(split)
        return choose(crops, part, _tested(folder / lists, trial))


def _tested(path: Path, trial: int) -> set[int]:
    try:
        query = read_json(path)[trial - 1]["query"]
        names = [str(row[0]).replace("\\", "/").rpartition("/")[2] for row in query]
    except Exception as error:  # whatever stands there in place of lists
        raise InputError(
            f"Cannot read test set {trial} of '{path}': {error!r}. Make it again: "
            f"textreid unpack {path.parent}"
        ) from error
    tested = set()
    for row, name in enumerate(names):
        found = NAME.fullmatch(name)
        if found is None:
            raise AnnotationError(
                f"{path}, test set {trial}, row {row}, key 'query': expected a name such as 1_001_1_01.png,"
                f" found {name!r:.80}"
            )
        tested.add(_person(found))
    return tested


def _person(found: re.Match[str]) -> int:
    return 1000 * int(found["pair"]) + int(found["person"])
