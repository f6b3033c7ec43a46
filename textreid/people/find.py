"""One source in, its people out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo

from textreid.people.best_view import Embed
from textreid.people.detectors.boxes import Detector
from textreid.people.guard import guarded
from textreid.people.sightings import Found, Skipped
from textreid.people.source_files import Source


def find_people(
    source: Source,
    *,
    detector: Detector | None,
    camera: str | None = None,
    start: float | None = None,
    resume_at: float | None = None,
    zone: tzinfo = UTC,
    embed: Embed | None = None,
) -> Iterator[Found | Skipped]:
    """Read one source and yield its people in units that can be committed one by one.

    The state of each `Found` tells how far the source is done once its people are stored. A photo is one
    unit. A video comes in stretches of about a minute, an archive photo by photo; all but the last are
    "partial" with a `resume_at`. Passing that back later goes on from there and finds exactly what an
    uninterrupted run would have found: a stretch starts with no memory of the one before.

    Args:
        source: one of `list_sources`.
        detector: who looks for people; None: each photo already is one person.
        camera: name of the camera; None: "c1" from a file name like `0002_c1s1_000451_03.jpg`, else the name
            of the folder of a photo, or of the video file without its ending.
        start: POSIX seconds (UTC) of the first frame of a video; None: as the file says, in its metadata or
            its name. Photos have the time of their EXIF data or name; the time of the file is never used.
        resume_at: where an earlier run stopped: seconds of a video, members of an archive; None: the start.
        zone: where the clocks of cameras hung, for times without a zone.
        embed: turns crops into vectors of unit norm, by which people in a video are told apart, such as
            `Encoder.encode_images`; None: they are followed by their boxes alone.

    Yields:
        `Found` units in order, and a `Skipped` for whatever could not be used. A source of which nothing can
        be used yields `Skipped` only, whatever was raised while it was read.
    """
    return guarded(source.key, _read(source, detector, camera, start, resume_at, zone, embed))


def _read(
    source: Source,
    detector: Detector | None,
    camera: str | None,
    start: float | None,
    resume_at: float | None,
    zone: tzinfo,
    embed: Embed | None,
) -> Iterator[Found | Skipped]:
    from textreid.people import archives, photos, video

    if source.problem is not None:
        yield Skipped(source.key, source.problem)
    elif source.kind == "photo":
        yield photos.find(source, detector, camera, zone)
    elif source.kind == "zip":
        yield from archives.find(source, detector, camera, resume_at, zone)
    elif detector is None:
        yield Skipped(source.key, "a video is not an image of one person; add it without saying that it is.")
    else:
        yield from video.find(source, detector, camera, start, resume_at, zone, embed)
