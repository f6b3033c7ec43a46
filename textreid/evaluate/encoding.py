"""Turn the images and captions of a benchmark into vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from PIL import Image

from textreid.errors import ImageError, InputError
from textreid.io.images import open_image
from textreid.io.prefetch import prefetch
from textreid.types import ImageTextEncoder, PersonCrop, ShowProgress

BATCH = 256
NAMED = 20

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """A query, or what is searched: an image, or a caption of it.

    Attributes:
        crop: the image.
        caption: the sentence, None where the image itself is meant.
    """

    crop: PersonCrop
    caption: str | None = None


def encode_texts(encoder: ImageTextEncoder, captions: Sequence[str], show: ShowProgress) -> np.ndarray:
    """Every caption, [T, D] float32 of unit norm."""
    vectors = []
    for batch in _batches(captions):
        vectors.append(encoder.encode_texts(batch))
        show("Captions", sum(map(len, vectors)), len(captions))
    return np.concatenate(vectors)


def encode_images(
    encoder: ImageTextEncoder, crops: Sequence[PersonCrop], what: str, show: ShowProgress
) -> np.ndarray:
    """Every crop, [N, D] float32 of unit norm.

    Raises:
        InputError: images cannot be read; it names them.
    """
    return np.concatenate(read_images(encoder.encode_images, crops, what, show))


def read_images(
    read: Callable[[Sequence[Image.Image]], T], crops: Sequence[PersonCrop], what: str, show: ShowProgress
) -> list[T]:
    """What is read from every crop, batch by batch, while a thread decodes the next.

    Once one cannot be opened, the rest is only looked through for more of them.

    Raises:
        InputError: images cannot be read; it names them.
    """
    found: list[T] = []
    unreadable: list[str] = []
    done = 0
    for pictures, failures in prefetch(map(_open, _batches(crops)), 2):
        unreadable += failures
        if not unreadable:
            found.append(read(pictures))
        done += len(pictures) + len(failures)
        show(what, done, len(crops))
    if unreadable:
        more = [f"... and {len(unreadable) - NAMED} more"] if len(unreadable) > NAMED else []
        raise InputError(
            f"{len(unreadable)} of {len(crops)} images cannot be read, so nothing was measured; "
            "unpack the data set again.\n" + "\n".join(unreadable[:NAMED] + more)
        )
    return found


def _open(crops: Sequence[PersonCrop]) -> tuple[list[Image.Image], list[str]]:
    """The pictures that can be read, and a line for each that cannot."""
    pictures, failures = [], []
    for crop in crops:
        try:
            pictures.append(open_image(crop.image))
        except ImageError as error:
            failures.append(f"{crop.image}: {error}")
    return pictures, failures


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
