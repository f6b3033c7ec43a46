"""What the text data sets share: one JSON list with a row for each image, its person and its captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from textreid.data.datasets._data_set import DataSet
from textreid.data.datasets._layout import find_folder
from textreid.data.image_paths import image_below
from textreid.errors import AnnotationError, InputError
from textreid.io.plain_data import read_json
from textreid.types import PersonCrop


@dataclass(frozen=True)
class CaptionLayout:
    """Where a text data set keeps its rows `{"split", "captions": [...], "id", path_key}`.

    "caption_source" may say who wrote the captions.

    Attributes:
        folder: the data set's own folder.
        annotations: the file of rows, a glob pattern relative to `folder` that fits one file.
        hint: where users get the data.
        images: folder that the paths are relative to.
        path_key: key of the image's path.
    """

    folder: str
    annotations: str
    hint: str
    images: str = "imgs"
    path_key: str = "file_path"


class CaptionedDataSet(DataSet):
    """A data set of captioned images; cameras are not annotated, so `camera_id` is None.

    Attributes:
        layout: where it keeps its rows.
    """

    layout: ClassVar[CaptionLayout]

    def load(self, root: str | Path, split: str) -> list[PersonCrop]:
        """The crops of one split in file order.

        Raises:
            InputError: the folder or annotation file is missing or unreadable, or the split is empty.
            AnnotationError: a malformed row, named by file, row and key.
        """
        layout = self.layout
        folder = find_folder(root, layout.folder, layout.annotations, hint=layout.hint)
        path, *others = sorted(folder.glob(layout.annotations))
        if others:
            names = ", ".join(other.name for other in others)
            raise InputError(
                f"'{folder}' holds '{path.name}' and {names}: leave the annotations alone there."
            )
        rows = read_json(path)
        if not isinstance(rows, list):
            raise InputError(f"'{path}' must hold a list of rows, not {type(rows).__name__}.")
        crops = [_crop(path, number, row, layout, self.splits) for number, row in enumerate(rows)]
        _refuse_duplicates(path, crops, layout.path_key)
        chosen = [crop for crop in crops if crop.split == split]
        if not chosen:
            raise InputError(f"'{path}' has no rows of split '{split}'.")
        return chosen


def _crop(path: Path, number: int, row: Any, layout: CaptionLayout, splits: Sequence[str]) -> PersonCrop:
    def fail(key: str, expected: str) -> AnnotationError:
        found = row.get(key, "nothing")
        return AnnotationError(f"{path}, row {number}, key '{key}': expected {expected}, found {found!r:.80}")

    if not isinstance(row, dict):
        raise AnnotationError(f"{path}, row {number}: expected an object, found {row!r:.80}")
    keys = (layout.path_key, "id", "captions", "split")
    file_path, person, captions, split = (row.get(key) for key in keys)
    if not isinstance(file_path, str) or not file_path:
        raise fail(layout.path_key, f"a path relative to {layout.images}/")
    file_path = file_path.replace("\\", "/")
    if Path(file_path).is_absolute() or ".." in Path(file_path).parts:
        raise fail(layout.path_key, f"a path inside {layout.images}/")
    image = image_below(path.parent / layout.images, file_path, f"{path}, row {number}", layout.path_key)
    if not isinstance(person, int) or isinstance(person, bool) or person < 0:
        raise fail("id", "a whole number, 0 or more")
    if not isinstance(split, str) or split not in splits:
        raise fail("split", f"one of {', '.join(splits)}")
    if (
        not isinstance(captions, list)
        or not captions
        or not all(isinstance(text, str) and text.strip() for text in captions)
    ):
        raise fail("captions", "a list of texts, none empty")
    source = row.get("caption_source", "")
    if not isinstance(source, str):
        raise fail("caption_source", "a word")
    return PersonCrop(
        id=file_path,
        image=image,
        person_id=person,
        captions=tuple(captions),
        caption_source=source,
        split=split,
    )


def _refuse_duplicates(path: Path, crops: Sequence[PersonCrop], path_key: str) -> None:
    seen: dict[str, int] = {}
    split_of: dict[int | None, str] = {}
    for number, crop in enumerate(crops):
        if crop.id in seen:
            raise AnnotationError(
                f"{path}, row {number}, key '{path_key}': '{crop.id}' is also row {seen[crop.id]}"
            )
        seen[crop.id] = number
        if split_of.setdefault(crop.person_id, crop.split) != crop.split:
            raise AnnotationError(
                f"{path}, row {number}, key 'id': identity {crop.person_id} is in split '{crop.split}'"
                f" and in '{split_of[crop.person_id]}'"
            )
