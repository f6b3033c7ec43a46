"""Which files of a data set's folder are images: what they are decides, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from textreid.io.formats import HEAD, SUFFIXES, image_format

NAMED = 5
"""Files that are named one by one."""


def is_image(path: Path) -> bool:
    """Whether a file is an image, by its ending or else by its first bytes."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return image_format(file.read(HEAD)) is not None
    except OSError:
        return False


def name_others(folder: Path, files: Iterable[Path]) -> Iterator[str]:
    """A sentence about the files of a folder that are no images, if there are any."""
    others = sorted(path.name for path in files if not path.name.startswith(".") and not is_image(path))
    if others:
        more = f" and {len(others) - NAMED:,} more" if len(others) > NAMED else ""
        names = ", ".join(others[:NAMED])
        yield f"{len(others):,} files of '{folder}' are no images and are passed over: {names}{more}."
