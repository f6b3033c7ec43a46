"""From a record back to the full image it was cut from."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from textreid.errors import InputError
from textreid.io.images import open_image
from textreid.people.archives import open_member
from textreid.people.video_file import Clip
from textreid_index import Record
from textreid_index.records import MEMBER_MARK


def load_frame(record: Record) -> Image.Image:
    """The full, upright RGB image or video frame in which `record.box` lies.

    Raises:
        InputError: the photo, archive or video is no longer there, or no longer what it was.
    """
    path = Path(record.source)
    if not path.exists() and MEMBER_MARK in record.source:
        return open_image(open_member(*_archive(record.source)))
    if record.offset is None:
        return open_image(path)
    with Clip(path) as clip:
        return Image.fromarray(clip.frame_at(record.offset).rgb)


def _archive(source: str) -> tuple[Path, str]:
    """`photos.zip!a/b.jpg` -> (photos.zip, a/b.jpg), whatever other exclamation marks there are."""
    for i, letter in enumerate(source):
        if letter == MEMBER_MARK and Path(source[:i]).is_file():
            return Path(source[:i]), source[i + 1 :]
    raise InputError(f"{source} does not exist any more.")
