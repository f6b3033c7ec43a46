"""Data sets in their official folder layouts: one file each, the file's stem is the data set's name.

A file holds one `DataSet`. A file whose name starts with an underscore is shared by several data sets and is
none itself.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from textreid import registry
from textreid.data.datasets._data_set import Counts, DataSet
from textreid.data.datasets.folder import Folder
from textreid.errors import InputError, UnknownNameError
from textreid.types import PersonCrop

__all__ = [
    "DataSet",
    "closed",
    "companions",
    "disjoint_splits",
    "image_folders",
    "load",
    "names",
    "published_counts",
    "remarks",
    "single_shot",
    "splits",
]


def names() -> list[str]:
    """The data sets that can be named on the command line, such as "cuhk-pedes"."""
    return sorted(stem.replace("_", "-") for stem in registry.names(sys.modules[__name__]))


def splits(name: str, root: str | Path | None = None) -> tuple[str, ...]:
    """The splits of a data set, such as ("train", "val", "test").

    Args:
        name: of the data set.
        root: where it lies, to leave out the splits that one's own data do not have.

    Raises:
        UnknownNameError: no such data set.
        InputError: `root` cannot be read.
    """
    data_set = _data_set(name)
    return data_set.splits if root is None else data_set.splits_at(root)


def disjoint_splits(name: str) -> tuple[str, ...]:
    """The splits that hold each image once: of repeated trials the first, and no union of others.

    Raises:
        UnknownNameError: no such data set.
    """
    data_set = _data_set(name)
    return tuple(split for split in data_set.splits if "_" not in split and split not in data_set.unions)


def load(name: str, root: str | Path, split: str, image_folder: str | Path = "") -> list[PersonCrop]:
    """The crops of one split, in the data set's own order.

    Args:
        name: of the data set.
        root: the folder that holds its own folder, or that folder itself.
        split: one of `splits`.
        image_folder: what the paths in a table of one's own lie below, if not below its own folder.

    Raises:
        UnknownNameError: no such data set or split.
        InputError: the folder is not in the official layout, or the data set has its images where they are.
        AnnotationError: a malformed row, named by file, row and key.
    """
    if split not in splits(name):
        raise UnknownNameError(f"split of {name}", split, splits(name))
    data_set = _data_set(name)
    if not image_folder:
        return data_set.load(root, split)
    if not isinstance(data_set, Folder):
        raise InputError(
            f"Only a table of one's own, 'folder', has an image folder; leave it out for {name}."
        )
    return data_set.load(root, split, image_folder)


def image_folders(names: Sequence[str], image_folder: str) -> dict[str, str]:
    """Name of a data set -> the folder that its images lie below; "" for all but tables of one's own.

    Args:
        names: of the data sets.
        image_folder: of the tables of one's own.

    Raises:
        UnknownNameError: no such data set.
        InputError: there is a folder, and no table of one's own.
    """
    own = {name: isinstance(_data_set(name), Folder) for name in names}
    if image_folder and not any(own.values()):
        raise InputError(
            f"Only a table of one's own, 'folder', has an image folder; leave it out for {', '.join(names)}."
        )
    return {name: image_folder if is_own else "" for name, is_own in own.items()}


def single_shot(name: str) -> bool:
    """Whether the data set's protocol draws one gallery image of each person, again and again.

    Raises:
        UnknownNameError: no such data set.
    """
    return _data_set(name).single_shot


def closed(name: str) -> bool:
    """Whether the same classes are trained on and tested with.

    Raises:
        UnknownNameError: no such data set.
    """
    return _data_set(name).closed


def companions(name: str, root: str | Path) -> list[PersonCrop]:
    """The images that may join a query of the same person and camera; none where the data set has none.

    Raises:
        UnknownNameError: no such data set.
        AnnotationError: an image whose name does not follow the data set's pattern.
    """
    return _data_set(name).companions(root)


def remarks(name: str, root: str | Path) -> list[str]:
    """What reading a data set's folder passed over or took for one, a sentence each.

    Raises:
        UnknownNameError: no such data set.
    """
    return _data_set(name).remarks(root)


def published_counts(name: str) -> Counts:
    """Split -> what there is of it in the paper ("images", "captions", "persons", "queries", "gallery").

    Raises:
        UnknownNameError: no such data set.
    """
    return _data_set(name).counts


@cache
def _data_set(name: str) -> DataSet:
    if name not in names():
        raise UnknownNameError("data set", name, names())
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    data_set: DataSet = registry.part(module, DataSet)()
    return data_set
