"""Found people to records of a gallery: encoded some dozens at a time, committed unit by unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from textreid.ingest.hand_deletions import not_deleted
from textreid.ingest.own_ids import with_own_ids
from textreid.types import ImageTextEncoder
from textreid_index import Embeddings, EncoderInfo, Gallery, SourceState, Track, View

if TYPE_CHECKING:
    from PIL.Image import Image

    from textreid.ingest.known_files import Task
    from textreid.people.sightings import Found, Sighting

WAIT_SECONDS = 2.0
"""Seconds after which nobody waits any longer for a batch to be full."""

BATCH = 64
"""Images that are encoded at once; also about what a `kill -9` can cost."""

THUMBNAIL = 256
"""Longest side of a stored thumbnail in pixels."""

VIEW = 384
"""Longest side in pixels of a stored view of somebody in a video; models look at no larger ones."""


class GalleryWriter:
    """Takes units as they are found and commits each in one transaction.

    With the people of a new reading of a file those of earlier ones go, in the same transaction. Whoever was
    deleted from it by hand is left out.

    Args:
        gallery: where to.
        encoder: what turns the people into vectors.
    """

    def __init__(self, gallery: Gallery, encoder: ImageTextEncoder) -> None:
        self.gallery, self.encoder = gallery, encoder
        self.added = self.replaced = 0
        self._left_out: Counter[str] = Counter()
        self._used: set[str] = set()
        self._waiting: list[Found] = []
        self._flushed = monotonic()

    def put(self, unit: Found) -> None:
        """Let a unit, also one without people, wait until a batch is full."""
        self._waiting.append(unit)
        self._used.add(unit.source.key)
        images = [sum(1 + len(person.more) for person in each.sightings) for each in self._waiting]
        full = sum(max(count, 1) for count in images) >= BATCH
        if full or monotonic() - self._flushed > WAIT_SECONDS:
            self.flush()

    def fail(self, task: Task, reason: str) -> None:
        """Write down that a file cannot be used, unless some of it was; the next run tries it again.

        The people of an earlier reading go if the file has other content now. If it could not be looked at,
        or cannot be read with these settings, they stay.
        """
        known, state = task.known, task.job.state
        if state.key in self._used:
            return
        if known is None or known.status == "failed" or task.changed:
            content = task.job.content()
            failed = replace(
                state, status="failed", people=0, reason=reason, content=content, reading=task.reading
            )
            self.replaced += self.gallery.mark(failed)

    def flush(self) -> None:
        """Encode and commit all that wait."""
        units, self._waiting = self._waiting, []
        vectors = encode_people(self.encoder, [person for unit in units for person in unit.sightings])
        for unit in units:
            count = len(unit.sightings)
            self._commit(unit, vectors[:count])
            vectors = vectors[count:]
        self._flushed = monotonic()

    def _commit(self, unit: Found, vectors: np.ndarray) -> None:
        key = unit.source.key
        staying = not_deleted(unit, self.gallery)
        self._left_out[key] += len(unit.sightings) - len(staying)
        people = with_own_ids([unit.sightings[place] for place in staying], key, self.gallery)
        state = replace(unit.source, people=unit.source.people - self._left_out[key])
        grown = add_people(self.gallery, self.encoder.info, people, vectors[staying], state)
        self.added += len(people)
        self.replaced += len(people) - grown


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
) -> int:
    """Commit people with their vectors [N, D] and, in the same transaction, how far their source is done.

    Returns:
        By how many the gallery grew.
    """
    records = [person.record for person in people]
    embeddings = Embeddings(tuple(record.id for record in records), vectors, encoder)
    thumbnails = [_jpeg(person.image, THUMBNAIL, quality=85) for person in people]
    tracks = {person.record.id: _track(person) for person in people if person.path}
    return gallery.add(records, embeddings, thumbnails, source=source, tracks=tracks)


def _track(person: Sighting) -> Track:
    """The way of somebody in a video, with the views that the vector is made of."""
    record = person.record
    assert record.offset is not None
    assert record.box is not None
    places = ((record.offset, record.box), *person.more_places)
    images = (person.image, *person.more)
    views = [
        View(offset, box, _jpeg(image, VIEW, quality=95))
        for (offset, box), image in zip(places, images, strict=True)
    ]
    return Track(person.path, tuple(views))


def _jpeg(image: Image, longest: int, quality: int) -> bytes:
    """A JPEG file of a person, reduced to a longest side."""
    small = image.copy()
    small.thumbnail((longest, longest))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
