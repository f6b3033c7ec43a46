"""Turn the images and captions of a benchmark into vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from PIL.Image import Image

from textreid.io import image_reader
from textreid.io.image_reader import consecutive
from textreid.types import ImageTextEncoder, PersonCrop, ShowProgress

BATCH = 256
"""Images, or captions, that are handed to a model at once."""

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """A query, or what is searched: an image, or a caption of it.

    Attributes:
        crop: the image.
        caption: its caption; None where the image itself is meant.
    """

    crop: PersonCrop
    caption: str | None = None


def encode_texts(encoder: ImageTextEncoder, captions: Sequence[str], show: ShowProgress) -> np.ndarray:
    """Every caption, [T, D] float32 of unit norm."""
    vectors = []
    for rows in consecutive(len(captions), BATCH):
        vectors.append(encoder.encode_texts(captions[rows.start : rows.stop]))
        show("Captions", rows.stop, len(captions))
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
    read: Callable[[Sequence[Image]], T], crops: Sequence[PersonCrop], what: str, show: ShowProgress
) -> list[T]:
    """What `read` makes of all crops, one result a batch, while a thread decodes the next.

    Args:
        read: given the images of a batch.
        crops: N of them.
        what: is being done, for `show`.
        show: called with the progress.

    Raises:
        InputError: images cannot be read; it names them.
    """
    files, batches = [crop.image for crop in crops], consecutive(len(crops), BATCH)
    found = []
    for batch in image_reader.read_images(files, batches, lambda _, images: read(images)):
        found.append(batch)
        show(what, batches[len(found) - 1].stop, len(crops))
    return found
