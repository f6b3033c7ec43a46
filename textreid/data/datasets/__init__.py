"""Data sets in their official folder layouts: one file each, the file's stem is the data set's name.

Each module offers `load(root, split) -> list[PersonCrop]` and `SPLITS`; `root` is the folder that holds the
data set's own folder, or that folder itself. It may say `COUNTS`, the published numbers of a split, and
`SINGLE_SHOT = True` where its protocol draws one gallery image of each person, and `UNIONS`, the splits that
are others taken together; "train_2" is the split "train" of a second trial. It may offer `found(root)` where
not every folder has every split, and `companions(root)` where it has pictures for multi-query. A file whose
name starts with an underscore is shared by several data sets and is none itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from textreid.errors import InputError, UnknownNameError
from textreid.types import PersonCrop

__all__ = [
    "companions",
    "disjoint_splits",
    "find_folder",
    "load",
    "names",
    "published_counts",
    "single_shot",
    "splits",
]


def names() -> list[str]:
    """The data sets that can be named on the command line, such as "cuhk-pedes"."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))


def splits(name: str, root: str | Path | None = None) -> tuple[str, ...]:
    """The splits of a data set, such as ("train", "val", "test").

    Args:
        name: of the data set.
        root: where it lies, to leave out the splits that one's own data do not have.

    Raises:
        UnknownNameError: no such data set.
        InputError: `root` cannot be read.
    """
    module = _module(name)
    if root is not None and hasattr(module, "found"):
        return tuple(module.found(root))
    return tuple(module.SPLITS)


def disjoint_splits(name: str) -> tuple[str, ...]:
    """The splits that hold each picture once: of repeated trials the first, and no union of others.

    Raises:
        UnknownNameError: no such data set.
    """
    unions = getattr(_module(name), "UNIONS", ())
    return tuple(split for split in splits(name) if "_" not in split and split not in unions)


def load(name: str, root: str | Path, split: str) -> list[PersonCrop]:
    """The crops of one split, in the data set's own order.

    Raises:
        UnknownNameError: no such data set or split.
        InputError: the folder is not in the official layout.
        AnnotationError: a malformed row, named by file, row and key.
    """
    if split not in splits(name):
        raise UnknownNameError(f"split of {name}", split, splits(name))
    crops: list[PersonCrop] = _module(name).load(root, split)
    return crops


def single_shot(name: str) -> bool:
    """Whether the data set's protocol draws one gallery image of each person, again and again.

    Raises:
        UnknownNameError: no such data set.
    """
    return getattr(_module(name), "SINGLE_SHOT", False)


def companions(name: str, root: str | Path) -> list[PersonCrop]:
    """The pictures that may join a query of the same person and camera; none where the data set has none.

    Raises:
        UnknownNameError: no such data set.
        AnnotationError: an image whose name does not follow the data set's pattern.
    """
    module = _module(name)
    crops: list[PersonCrop] = module.companions(root) if hasattr(module, "companions") else []
    return crops


def published_counts(name: str) -> Mapping[str, Mapping[str, int]]:
    """Split -> what there is of it in the paper ("images", "captions", "persons", "queries", "gallery").

    Raises:
        UnknownNameError: no such data set.
    """
    return getattr(_module(name), "COUNTS", {})


def _module(name: str) -> ModuleType:
    if name not in names():
        raise UnknownNameError("data set", name, names())
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")


def find_folder(root: str | Path, folder: str, marker: str, *, hint: str) -> Path:
    """`root/folder`, or `root` itself when it is that folder; a path of the pattern `marker` is in it."""
    root = Path(root).expanduser()
    for candidate in (root / folder, root):
        if any(candidate.glob(marker)):
            return candidate
    raise InputError(
        f"No {folder} data at '{root}': expected '{marker}' in '{root / folder}' or in '{root}'. {hint}"
    )
