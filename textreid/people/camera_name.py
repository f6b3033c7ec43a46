"""Which camera took a photo, as far as its path tells."""

from __future__ import annotations

import re
from pathlib import PurePath

from textreid.io.camera_names import camera_number, camera_part

_NO_CAMERA = re.compile(  # a person, as data sets have a folder for each; a day or an hour, as recorders do
    r"-?\d+|(?:person|people|identity|pid|id|p)[-_ ]?\d+|\d{4}[-_.]\d\d[-_.]\d\d.*", re.IGNORECASE
)


def photo_camera(path: PurePath) -> str | None:
    """`0002/0002_c1s1_000451_03.jpg` -> "c1"; otherwise the name of the photo's folder, if it has one.

    The folder of a person, or of a day, is no camera; of those above it one that reads like a camera is.
    """
    folders = [folder.name for folder in path.parents if folder.name]
    if folders and camera_number(folders[0]):
        return folders[0]
    if part := camera_part(path.stem):
        return f"c{camera_number(part)}"
    if folders and not _is_no_camera(folders[0], path.stem):
        return folders[0]
    return next(filter(camera_number, folders), None)


def _is_no_camera(folder: str, stem: str) -> bool:
    """Whether a folder is that of a person or a day: by its name, or as its number begins the file's."""
    own = stem.startswith((f"{folder}_", f"{folder}-")) and folder[-1:].isdecimal()
    return own or _NO_CAMERA.fullmatch(folder) is not None
