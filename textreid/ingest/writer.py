"""Found people to records of a gallery: encoded some dozens at a time, committed unit by unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from textreid.types import ImageTextEncoder
from textreid_index import Embeddings, EncoderInfo, Gallery, SourceState

if TYPE_CHECKING:
    from PIL.Image import Image

    from textreid.people.sightings import Found, Sighting

BATCH = 64
"""Images that are encoded at once; also about what a `kill -9` can cost."""

THUMBNAIL = 256
"""Longest side of a stored thumbnail in pixels."""


class GalleryWriter:
    """Takes units as they are found and commits each in one transaction.

    Args:
        gallery: where to.
        encoder: what turns the people into vectors.
        outdated: keys of sources whose people the gallery holds from an earlier state; they go when the
            first unit of the new state is committed.
    """

    def __init__(self, gallery: Gallery, encoder: ImageTextEncoder, outdated: set[str]) -> None:
        self.gallery, self.encoder = gallery, encoder
        self.people = 0
        self._outdated = set(outdated)
        self._used: set[str] = set()
        self._waiting: list[Found] = []

    def put(self, unit: Found) -> None:
        """Let a unit, also one without people, wait until a batch is full."""
        self._waiting.append(unit)
        self._used.add(unit.source.key)
        images = [sum(1 + len(person.more) for person in each.sightings) for each in self._waiting]
        if sum(max(count, 1) for count in images) >= BATCH:
            self.flush()

    def fail(self, source: SourceState, reason: str) -> None:
        """Write down that a source cannot be used, unless some of it was; the next run tries it again."""
        if source.key not in self._used:
            self.gallery.mark(replace(source, status="failed", reason=reason))

    def flush(self) -> None:
        """Encode and commit all that wait."""
        units, self._waiting = self._waiting, []
        vectors = encode_people(self.encoder, [person for unit in units for person in unit.sightings])
        for unit in units:
            if unit.source.key in self._outdated:
                self.gallery.rewind(unit.source.key)
                self._outdated.remove(unit.source.key)
            count = len(unit.sightings)
            add_people(self.gallery, self.encoder.info, unit.sightings, vectors[:count], unit.source)
            vectors = vectors[count:]
            self.people += count


def encode_people(encoder: ImageTextEncoder, people: Sequence[Sighting]) -> np.ndarray:
    """[N, D] float32 of unit norm: of each person the mean over all images of it."""
    images = [image for person in people for image in (person.image, *person.more)]
    vectors = encoder.encode_images(images, batch_size=BATCH)
    if len(images) == len(people):
        return vectors
    counts = np.asarray([1 + len(person.more) for person in people])
    sums = np.add.reduceat(vectors, np.cumsum(counts) - counts, axis=0)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True)


def add_people(
    gallery: Gallery,
    encoder: EncoderInfo,
    people: Sequence[Sighting],
    vectors: np.ndarray,
    source: SourceState | None = None,
) -> None:
    """Commit people with their vectors [N, D] and, in the same transaction, how far their source is done."""
    if people:
        records = [person.record for person in people]
        embeddings = Embeddings(tuple(record.id for record in records), vectors, encoder)
        gallery.add(records, embeddings, [_thumbnail(person.image) for person in people], source=source)
    elif source is not None:
        gallery.mark(source)


def _thumbnail(image: Image) -> bytes:
    """A small JPEG of a person."""
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
