"""What finding people yields: sightings, grouped in units that are committed together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from PIL.Image import Image

from textreid.people.detectors.boxes import Detector
from textreid_index import Record, SourceState

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sighting:
    """One person, seen once: in one photo, or along one track of a video.

    Attributes:
        image: the best view, RGB, at most 512 pixels high when it comes from a video.
        record: where and when that view was taken.
        score: the detector's confidence in that view; None where the image as a whole is the person.
        more: further good views of the same track, in time order.
        more_places: of each of `more` the seconds into the video, and the box.
        path: all places of the track in time order: seconds into the video, and the box.
    """

    image: Image
    record: Record
    score: float | None
    more: tuple[Image, ...] = ()
    more_places: tuple[tuple[float, Box], ...] = ()
    path: tuple[tuple[float, Box], ...] = ()


@dataclass(frozen=True)
class Note:
    """Something to know of a file that was read all the same, such as a clock that jumps."""

    source: str
    text: str


@dataclass(frozen=True)
class Found:
    """The people of one photo, or of one stretch of a video or archive: commit them in one transaction.

    Attributes:
        source: how far its source is done once these people are stored.
        sightings: possibly empty; a photo without people is done too.
        part: how much of the source has been read then, 0..1.
        notes: what the report should say of it.
    """

    source: SourceState
    sightings: list[Sighting]
    part: float = 1.0
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """A file, archive member or part of a video that could not be used, and why."""

    source: str
    reason: str


def record_id(source: str, frame: int | None, box: Box | None) -> str:
    """The same 16 hex digits for the same place in the same file, however often it is indexed."""
    place = "\0".join(map(str, (source, frame, box)))
    return hashlib.blake2b(place.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def settings_of(detector: Detector | None) -> str:
    """How people are looked for, as a gallery remembers it: the detector's name, or "crops"."""
    return "crops" if detector is None else detector.name
