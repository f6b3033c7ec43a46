"""Where the images lie that a table names: below one folder, whatever stands in the table."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from textreid.errors import AnnotationError, InputError
from textreid.io.typed_path import typed_path


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
