"""Identity-level attributes of Market-1501 and DukeMTMC-reID, from their annotation files.

Lin et al., "Improving Person Re-identification by Attribute and Identity Learning", Pattern Recognition 2019:
`market_attribute.mat` with 27 attributes of 1,501 people, `duke_attribute.mat` with 23 of 1,812. The colours
are columns of no and yes of which one at most is yes; here they are one group each. A person whose clothes
have none of the colours has no value in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from textreid.errors import AnnotationError, InputError
from textreid.io.typed_path import typed_path
from textreid.types import PersonCrop

FILES = {"Market-1501-v15.09.15": "market_attribute.mat", "DukeMTMC-reID": "duke_attribute.mat"}
HINT = "The authors give it at https://github.com/vana77"

_NO_YES = ("no", "yes")
# column of the file -> (group, the words for 1, 2, ...)
COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    "age": ("age", ("child", "teenager", "adult", "elderly")),
    "gender": ("sex", ("male", "female")),
    "hair": ("hair_length", ("short", "long")),
    "up": ("sleeves", ("long", "short")),
    "down": ("lower_length", ("long", "short")),
    "clothes": ("lower_type", ("dress", "trousers")),
    "top": ("upper_length", ("short", "long")),
    "shoes": ("shoe_shade", ("dark", "light")),
    "boots": ("boots", _NO_YES),
    "hat": ("hat", _NO_YES),
    "backpack": ("backpack", _NO_YES),
    "bag": ("bag", _NO_YES),
    "handbag": ("handbag", _NO_YES),
}
COLOURS = {"upper_colour": "up", "lower_colour": "down"}  # group -> how its columns begin: "upblack"
SPELLING = {"gray": "grey"}


def with_annotations(crops: Sequence[PersonCrop], path: Path) -> list[PersonCrop]:
    """The crops with what an annotation file says of each person; nothing of people whom it does not know.

    Args:
        crops: what they say themselves stays.
        path: see `load_attributes`.

    Raises:
        InputError: the file cannot be read.
    """
    known = load_attributes(path)
    return [
        crop
        if crop.person_id not in known
        else replace(crop, attributes={**known[crop.person_id], **crop.attributes})
        for crop in crops
    ]


def with_annotations_beside(crops: Sequence[PersonCrop], root: str | Path, folder: str) -> list[PersonCrop]:
    """The crops with the data set's annotation file, if it lies in or beside its folder, or in `attribute`.

    Args:
        crops: of the data set.
        root: folder that holds the data set's folder, or that folder itself.
        folder: name of the data set's folder, one of `FILES`.

    Raises:
        InputError: the file lies there but cannot be read.
    """
    root = typed_path(root)
    places = [root / folder, root / folder / "attribute", root, root / "attribute"]
    if root.resolve().name == folder:
        places.append(root.resolve().parent)
    found = next((path for place in places if (path := place / FILES[folder]).is_file()), None)
    return list(crops) if found is None else with_annotations(crops, found)


def load_attributes(path: Path) -> dict[int, Mapping[str, str]]:
    """Person number -> {attribute group: value}, training and test people together.

    Args:
        path: `market_attribute.mat` or `duke_attribute.mat`.

    Raises:
        InputError: the file is missing, or not a MATLAB file of this layout.
        AnnotationError: a column whose values are unknown, named by file, part and column.
    """
    if not path.is_file():
        raise InputError(f"There is no attribute file '{path}'. {HINT}")
    try:
        content = scipy.io.loadmat(path, simplify_cells=True)
    except Exception as error:  # the library raises every kind for a damaged file
        raise InputError(f"'{path}' is not a MATLAB file that can be read: {error}") from error
    parts = [value for name, value in content.items() if not name.startswith("__")]
    if len(parts) != 1 or not isinstance(parts[0], dict) or not set(parts[0]) <= {"train", "test"}:
        raise InputError(f"'{path}' does not hold attributes of 'train' and 'test'. {HINT}")
    people: dict[int, Mapping[str, str]] = {}
    for part, columns in parts[0].items():
        try:
            people |= _people(columns, where=f"{path}, {part}")
        except (TypeError, ValueError, OverflowError) as error:
            raise AnnotationError(
                f"{path}, {part}: a cell that should be a whole number is none: {error}"
            ) from error
    return people


def _people(columns: Any, *, where: str) -> dict[int, Mapping[str, str]]:
    if not isinstance(columns, dict) or "image_index" not in columns:
        raise AnnotationError(f"{where}: there is no column 'image_index' with the people's numbers.")
    numbers = [int(number) for number in np.atleast_1d(columns["image_index"])]
    told: list[dict[str, str]] = [{} for _ in numbers]
    for column, cells in columns.items():
        if column == "image_index":
            continue
        group, words = _meaning(column, where)
        cells = np.atleast_1d(cells)
        if len(cells) != len(numbers):
            raise AnnotationError(
                f"{where}, column '{column}': {len(cells)} values for {len(numbers)} people."
            )
        for attributes, cell in zip(told, cells, strict=True):
            if not 1 <= cell <= len(words):
                raise AnnotationError(
                    f"{where}, column '{column}': expected 1 to {len(words)}, found {cell}."
                )
            if words[cell - 1]:
                attributes[group] = words[cell - 1]
    return dict(zip(numbers, told, strict=True))


def _meaning(column: str, where: str) -> tuple[str, tuple[str, ...]]:
    """The group of a column and the words for its values; "" for the "no" of a colour."""
    if column in COLUMNS:
        return COLUMNS[column]
    for group, start in COLOURS.items():
        if column.startswith(start) and len(column) > len(start):
            colour = column.removeprefix(start)
            return group, ("", SPELLING.get(colour, colour))
    raise AnnotationError(f"{where}: there is no attribute called '{column}'.")
