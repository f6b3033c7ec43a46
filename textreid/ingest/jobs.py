"""What there is to read: files on disk, or images in memory, as jobs for `textreid.ingest.indexing`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cache, partial
from pathlib import Path

from PIL.Image import Image

from textreid.ingest.content import content_of
from textreid.io.zones import zone_named
from textreid.people.best_view import Embed
from textreid.people.detectors.boxes import Detector
from textreid.people.find import find_people
from textreid.people.photos import sightings
from textreid.people.sightings import Found, Skipped, settings_of
from textreid.people.source_files import Source
from textreid_index import SourceState
from textreid_index.records import MEMORY_PREFIX


@dataclass(frozen=True)
class Job:
    """One source to read.

    Attributes:
        state: the source as it is now, with the settings to read it with.
        read: takes where to resume, or None for the beginning; yields units.
        content: gives what tells the same content at another path; None where there is no file that can be
            read.
    """

    state: SourceState
    read: Callable[[float | None], Iterator[Found | Skipped]]
    content: Callable[[], str | None] = lambda: None

    def continues(self, known: SourceState | None) -> bool:
        """Whether the gallery knows this source as it is now, read with these settings."""
        return known is not None and all(
            getattr(known, name) == getattr(self.state, name) for name in ("size", "mtime_ns", "settings")
        )


def file_jobs(
    sources: Sequence[Source],
    detector: Detector | None,
    camera: str | None,
    start: float | None,
    zone: str | None,
    key_of: Callable[[Path], str],
    embed: Embed | None = None,
) -> list[Job]:
    """One job a file; `key_of` names them as the gallery does, `embed` tells people in films apart.

    Raises:
        InputError: there is no such time zone.
    """
    settings, clock = _settings(detector, camera, start, zone), zone_named(zone)
    named = {name: replace(source, name=name) for source in sources if (name := key_of(source.path))}
    return [_file_job(source, settings, detector, camera, start, clock, embed) for source in named.values()]


def image_jobs(images: Sequence[Image], detector: Detector | None, camera: str | None) -> list[Job]:
    """One job an image; the same pixels are the same source, named by their hash."""
    return [_image_job(image.convert("RGB"), detector, camera) for image in images]


def _file_job(
    source: Source,
    settings: str,
    detector: Detector | None,
    camera: str | None,
    start: float | None,
    zone: tzinfo,
    embed: Embed | None,
) -> Job:
    return Job(
        state=source.state(settings, "failed", 0),
        read=lambda resume_at: find_people(
            source,
            detector=detector,
            camera=camera,
            start=start,
            resume_at=resume_at,
            zone=zone,
            embed=embed,
        ),
        content=cache(partial(_content, source)),
    )


def _content(source: Source) -> str | None:
    try:
        return None if source.problem else content_of(source.path, source.kind)
    except Exception:  # whoever reads it will say what is wrong
        return None


def _image_job(image: Image, detector: Detector | None, camera: str | None) -> Job:
    pixels = image.tobytes()
    content = hashlib.blake2b(f"{image.size}".encode() + pixels, digest_size=8).hexdigest()
    state = SourceState(f"{MEMORY_PREFIX}{content}", len(pixels), 0, _settings(detector, camera, None))

    def read(_: float | None) -> Iterator[Found]:
        people = sightings(image, state.key, detector, camera)
        yield Found(SourceState(state.key, state.size, 0, state.settings, "done", len(people)), people)

    return Job(state, read)


def _settings(
    detector: Detector | None, camera: str | None, start: float | None, zone: str | None = None
) -> str:
    """Everything that changes the records of an unchanged file."""
    given = {"camera": camera, "start": start, "zone": None if zone == "UTC" else zone}
    return " ".join(
        [settings_of(detector), *(f"{key}={value}" for key, value in given.items() if value is not None)]
    )
