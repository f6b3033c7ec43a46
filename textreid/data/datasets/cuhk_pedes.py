"""CUHK-PEDES (Li et al., "Person Search with Natural Language Description", CVPR 2017).

Layout: `CUHK-PEDES/imgs/...` and `CUHK-PEDES/reid_raw.json`, a list of rows
`{"split", "captions": [...], "file_path", "id"}`. Official counts (images / captions / identities):
train 34,054 / 68,126 / 11,003, val 3,078 / 6,158 / 1,000, test 3,074 / 6,156 / 1,000.
The data are given by its authors on request, for non-commercial research.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from textreid.data.datasets import find_folder
from textreid.errors import AnnotationError, InputError
from textreid.types import PersonCrop

SPLITS = ("train", "val", "test")
HINT = "Request the data from the authors, or draw some: textreid synthesize --format cuhk-pedes --out DIR"


def load(root: str | Path, split: str) -> list[PersonCrop]:
    """The crops of one split in file order; cameras are not annotated, so `camera_id` is None.

    Raises:
        InputError: the folder or annotation file is missing or unreadable, or the split is empty.
        AnnotationError: a malformed row, named by file, row and key.
    """
    folder = find_folder(root, "CUHK-PEDES", "reid_raw.json", hint=HINT)
    path = folder / "reid_raw.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"Cannot read '{path}': {error}") from error
    if not isinstance(rows, list):
        raise InputError(f"'{path}' must hold a list of rows, not {type(rows).__name__}.")
    crops = [_crop(path, number, row) for number, row in enumerate(rows)]
    _refuse_duplicates(path, crops)
    chosen = [crop for crop in crops if crop.split == split]
    if not chosen:
        raise InputError(f"'{path}' has no rows of split '{split}'.")
    return chosen


def _crop(path: Path, number: int, row: Any) -> PersonCrop:
    def fail(key: str, expected: str) -> AnnotationError:
        found = row.get(key, "nothing") if isinstance(row, dict) else row
        return AnnotationError(f"{path}, row {number}, key '{key}': expected {expected}, found {found!r:.80}")

    if not isinstance(row, dict):
        raise AnnotationError(f"{path}, row {number}: expected an object, found {row!r:.80}")
    file_path, person, captions, split = (row.get(key) for key in ("file_path", "id", "captions", "split"))
    if not isinstance(file_path, str) or not file_path:
        raise fail("file_path", "a path relative to imgs/")
    image = path.parent / "imgs" / file_path
    if Path(file_path).is_absolute() or ".." in Path(file_path).parts:
        raise fail("file_path", "a path inside imgs/")
    if not isinstance(person, int) or isinstance(person, bool):
        raise fail("id", "a whole number")
    if split not in SPLITS:
        raise fail("split", f"one of {', '.join(SPLITS)}")
    if (
        not isinstance(captions, list)
        or not captions
        or not all(isinstance(text, str) and text.strip() for text in captions)
    ):
        raise fail("captions", "a list of sentences, none empty")
    return PersonCrop(id=file_path, image=image, person_id=person, captions=tuple(captions), split=split)


def _refuse_duplicates(path: Path, crops: list[PersonCrop]) -> None:
    seen: dict[str, int] = {}
    split_of: dict[int | None, str] = {}
    for number, crop in enumerate(crops):
        if crop.id in seen:
            raise AnnotationError(
                f"{path}, row {number}, key 'file_path': '{crop.id}' is also row {seen[crop.id]}"
            )
        seen[crop.id] = number
        if split_of.setdefault(crop.person_id, crop.split) != crop.split:
            raise AnnotationError(
                f"{path}, row {number}, key 'id': identity {crop.person_id} is in split '{crop.split}'"
                f" and in '{split_of[crop.person_id]}'"
            )
