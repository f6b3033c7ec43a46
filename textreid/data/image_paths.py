"""Where the images lie that a table names: below one folder, whatever stands in the table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from textreid.errors import AnnotationError, InputError
from textreid.io.typed_path import typed_path
from textreid.types import PersonCrop

NAMED = 5
"""Files that are named one by one."""


def image_below(folder: Path, spelled: str, where: str, key: str = "image") -> Path:
    """The path of an image that a row names.

    Links in the folder are its owner's, and are followed.

    Args:
        folder: that the table's paths are relative to; it may be spelled out in them too.
        spelled: what the row says, with forward slashes.
        where: file and row, for messages.
        key: of the path.

    Raises:
        AnnotationError: it lies elsewhere, or no file can be called so.
    """
    path = PurePosixPath(spelled)
    below = path.relative_to(folder.absolute()) if path.is_relative_to(folder.absolute()) else path
    if below.is_absolute() or ".." in below.parts:
        raise AnnotationError(
            f"{where}, key '{key}': '{spelled:.200}' does not lie below '{folder}'. Write a relative path"
            " without '..', or name the folder that all images lie below: --image-folder DIR, or in a recipe"
            " image_folder."
        )
    try:
        return typed_path(folder / below)
    except InputError as error:
        raise AnnotationError(f"{where}, key '{key}': {error}") from error


def require_files(crops: Iterable[PersonCrop], what: str) -> None:
    """Refuse images that are not there, before hours are spent on the others.

    Args:
        crops: whose images are looked for, not opened.
        what: they are of, for the message.

    Raises:
        InputError: some are missing; the first few are named.
    """
    missing = [f"{crop.image}: there is no such file." for crop in crops if not crop.image.is_file()]
    if missing:
        more = [f"and {len(missing) - NAMED:,} more"] if len(missing) > NAMED else []
        raise InputError(
            f"{len(missing):,} images of {what} are missing: copy or unpack them again.\n"
            + "\n".join(missing[:NAMED] + more)
        )
