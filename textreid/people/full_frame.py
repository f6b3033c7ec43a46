"""From a record back to the full image it was cut from."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from textreid.errors import InputError
from textreid.io.images import open_image
from textreid.people.archives import open_member
from textreid.people.video_file import Clip
from textreid_index import Record
from textreid_index.records import MEMBER_MARK
from textreid_index.source_keys import source_path


def load_frame(record: Record, gallery: Path = Path()) -> Image.Image:
    """The full, upright RGB image or video frame in which `record.box` lies.

    Args:
        record: of the person.
        gallery: folder of the gallery that it is from: files inside are named relative to it.

    Raises:
        InputError: the photo, archive or video is no longer there, or no longer what it was.
    """
    path, member = _place(record.source, gallery)
    if member is not None:
        return open_image(open_member(path, member))
    if record.offset is None:
        return open_image(path)
    with Clip(path) as clip:
        return Image.fromarray(clip.frame_at(record.offset).rgb)


def _place(source: str, gallery: Path) -> tuple[Path, str | None]:
    """`photos.zip!a/b.jpg` -> (photos.zip, a/b.jpg), whatever other exclamation marks there are."""
    path = source_path(source, gallery)
    if MEMBER_MARK not in source or os.path.exists(path):  # noqa: PTH110  (a name may be too long)
        return path, None
    for i, letter in enumerate(source):
        if letter == MEMBER_MARK and (archive := source_path(source[:i], gallery)).is_file():
            return archive, source[i + 1 :]
    raise InputError(f"{source} does not exist any more.")
