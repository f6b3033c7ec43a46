"""What the data sets share whose file names say who is seen by which camera."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from textreid.data.datasets._data_set import DataSet
from textreid.data.datasets._layout import find_folder
from textreid.errors import AnnotationError, InputError
from textreid.types import PersonCrop

FOLDERS = {
    "train": "bounding_box_train",
    "query": "query",
    "gallery": "bounding_box_test",
    "companions": "gt_bbox",
}


@dataclass(frozen=True)
class FileNameLayout:
    """The three folders of Market-1501 with the file names of one data set.

    Attributes:
        folder: the data set's own folder.
        name: pattern of a file name, with the groups "person" and "camera".
        example: such a name, for the error that refuses another.
        hint: where users get the data.
        suffix: of the images.
        inside: the folder in `folder` that holds the three, where they do not lie in it at once.
    """

    folder: str
    name: re.Pattern[str]
    example: str
    hint: str
    suffix: str = ".jpg"
    inside: str = ""


class NamedDataSet(DataSet):
    """A data set in the three folders of Market-1501.

    Attributes:
        layout: where its files are, and how they are named.
    """

    splits = ("train", "query", "gallery")
    layout: ClassVar[FileNameLayout]

    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The crops of one of `FOLDERS` in file-name order, junk and distractors included.

        Raises:
            InputError: the folder is missing or holds no image.
            AnnotationError: an image whose name does not follow the data set's pattern.
        """
        layout = self.layout
        part = (PurePosixPath(layout.inside) / FOLDERS[split]).as_posix()
        folder = find_folder(root, layout.folder, part, hint=layout.hint) / part
        crops = []
        for path in list_images(folder, layout.suffix):
            found = parse_name(path, layout.name, layout.example)
            crops.append(
                PersonCrop(
                    id=f"{part}/{path.name}",
                    image=path,
                    person_id=int(found["person"]),
                    camera_id=int(found["camera"]),
                    split=split,
                )
            )
        return crops


def list_images(folder: Path, suffix: str) -> list[Path]:
    """The images of a folder in name order; ".jpg" also takes ".jpeg" and capitals.

    Raises:
        InputError: there is none.
    """
    suffixes = {suffix, ".jpeg"} if suffix == ".jpg" else {suffix}
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not files:
        raise InputError(f"'{folder}' holds no {suffix} image.")
    return files


def parse_name(path: Path, pattern: re.Pattern[str], example: str) -> re.Match[str]:
    """What the whole name of a file says.

    Raises:
        AnnotationError: the name does not follow the pattern.
    """
    found = pattern.fullmatch(path.name)
    if found is None:
        raise AnnotationError(f"{path}: expected a name such as {example}")
    return found
