"""What the data sets share whose file names say who is seen by which camera."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

from textreid.data.datasets._data_set import DataSet
from textreid.data.datasets._image_files import is_image, name_others
from textreid.data.datasets._layout import find_folder
from textreid.errors import AnnotationError, InputError
from textreid.io.typed_path import typed_path
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
            found = parse_name(path, layout.name, layout.example, layout.suffix)
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

    def remarks(self, root: str | Path) -> list[str]:
        """The files of its folders that are no images."""
        inside = PurePosixPath(self.layout.inside)
        bases = (typed_path(root) / self.layout.folder, typed_path(root))
        return [
            sentence
            for folder in (base / inside / FOLDERS[split] for base in bases for split in self.splits)
            if folder.is_dir()
            for sentence in name_others(folder, (path for path in folder.iterdir() if path.is_file()))
        ]


def list_images(folder: Path, suffix: str) -> list[Path]:
    """The images of a folder in name order, of whatever format.

    Args:
        folder: where they lie.
        suffix: of the data set's own, for the message.

    Raises:
        InputError: there is none, or the folder cannot be read.
    """
    try:
        files = sorted(path for path in folder.iterdir() if not path.is_dir() and is_image(path))
    except OSError as error:
        raise InputError(f"Cannot read '{folder}': {error}") from error
    if not files:
        raise InputError(f"'{folder}' holds no {suffix} image.")
    return files


def parse_name(path: Path, pattern: re.Pattern[str], example: str, suffix: str) -> re.Match[str]:
    """What the whole name of a file says, with the data set's own ending or that of another format.

    Raises:
        AnnotationError: the name does not follow the pattern.
    """
    found = pattern.fullmatch(path.name) or pattern.fullmatch(f"{path.stem}{suffix}")
    if found is None:
        raise AnnotationError(f"{path}: expected a name such as {example}")
    return found
