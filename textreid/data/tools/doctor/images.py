"""Images that cannot be read, that are no crops, or that occur more than once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from textreid.data.tools.doctor.copies import check_copies
from textreid.data.tools.doctor.finding import Crops, Finding, images_of, some
from textreid.errors import ImageError
from textreid.io.images import open_image
from textreid.types import PersonCrop

MIN_HEIGHT = 32


@dataclass(frozen=True)
class _Look:
    """What is seen of an image: a digest of its pixels and its size, or why there is nothing."""

    digest: bytes = b""
    width: int = 0
    height: int = 0
    problem: str = ""


def check_images(crops: Crops, progress: Callable[[int, int], None]) -> Iterator[Finding]:
    """Open every image, and compare all with one another.

    Args:
        crops: split -> its crops.
        progress: told how many images have been opened, of how many.
    """
    everything = [crop for own in crops.values() for crop in own]
    seen = list(zip(everything, _look_at_all(everything, progress), strict=True))
    unreadable = [f"{crop.image} ({look.problem})" for crop, look in seen if look.problem]
    seen = [(crop, look) for crop, look in seen if not look.problem]
    flat = [crop for crop, look in seen if look.width > look.height]
    tiny = [crop for crop, look in seen if look.height < MIN_HEIGHT]
    total = len(everything)
    if unreadable:
        yield Finding(
            "fatal",
            f"{len(unreadable)} of {total} images cannot be read: {some(unreadable)}.",
            "Copy them again, or take them out.",
        )
    yield from check_copies(crops, {crop.id: look.digest for crop, look in seen})
    if len(flat) > total / 10:
        yield Finding(
            "warning",
            f"{len(flat)} of {total} images are wider than high: {some(crop.id for crop in flat)}.",
            "Crop each person first: textreid index finds people in full images, training takes crops.",
            images_of(flat),
        )
    if tiny:
        yield Finding(
            "warning",
            f"{len(tiny)} of {total} images are less than {MIN_HEIGHT} pixels high:"
            f" {some(crop.id for crop in tiny)}.",
            "Leave them out: nothing can be seen on them.",
            images_of(tiny),
        )


def _look_at_all(crops: Sequence[PersonCrop], progress: Callable[[int, int], None]) -> list[_Look]:
    looks = []
    pool = ThreadPoolExecutor()
    try:
        for look in pool.map(_look, crops):
            looks.append(look)
            progress(len(looks), len(crops))
    finally:
        pool.shutdown(cancel_futures=True)
    return looks


def _look(crop: PersonCrop) -> _Look:
    try:
        image = open_image(crop.image)
    except ImageError as error:
        return _Look(problem=str(error))
    content = f"{image.size}".encode() + image.tobytes()
    return _Look(hashlib.blake2b(content, digest_size=16).digest(), *image.size)
