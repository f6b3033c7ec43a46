"""The people in a video: sampled, detected, followed, and yielded in stretches that can be committed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from PIL import Image

from textreid.people.detectors.boxes import Boxes, Detector
from textreid.people.sightings import Found, Sighting, Skipped, record_id, settings_of
from textreid.people.source_files import Source
from textreid.people.tracking import Follower, Track
from textreid.people.video_file import Clip, Frame
from textreid_index import Record

FRAMES_PER_SECOND = 5.0
"""Frames a second that are looked at."""

STRETCH_SECONDS = 60.0
"""Seconds after which a stretch ends as soon as nobody is in sight ..."""

MAX_STRETCH_SECONDS = 120.0
"""... and after which it ends in any case; somebody in sight at that moment then becomes two hits."""

MORE_VIEWS = 3
"""Further views of a track beside the best one."""


def find(
    source: Source, detector: Detector, camera: str | None, start: float | None, resume_at: float | None
) -> Iterator[Found | Skipped]:
    """The people of a video file in stretches.

    Raises:
        InputError: it is no video that can be read.
    """
    with Clip(source.path) as clip:
        yield from _stretches(clip, source, detector, camera or source.path.stem, start, resume_at or 0.0)


def _stretches(
    clip: Clip, source: Source, detector: Detector, camera: str, start: float | None, begin: float
) -> Iterator[Found | Skipped]:
    start, settings, people, seen = clip.created if start is None else start, settings_of(detector), 0, None
    follower = Follower()
    for frame, boxes in _detected(clip.sample(FRAMES_PER_SECOND, begin), detector):
        length = frame.offset - begin
        if length >= MAX_STRETCH_SECONDS or (length >= STRETCH_SECONDS and not follower.busy):
            found = _sightings(follower.finish(), source.key, camera, start)
            people += len(found)
            state = source.state(settings, "partial", people, resume_at=frame.offset)
            yield Found(state, found, min(frame.offset / clip.length, 1.0) if clip.length else 0.0)
            follower, begin = Follower(), frame.offset
        follower.update(frame, boxes)
        seen = frame.offset
    found = _sightings(follower.finish(), source.key, camera, start)
    people += len(found)
    reason = None
    if clip.damage is not None:
        reason = f"damaged: {clip.damage}; " + (
            "no frame could be read." if seen is None else f"people were found up to {seen:.1f} s."
        )
        yield Skipped(source.key, reason)
    if seen is not None or clip.damage is None:
        yield Found(source.state(settings, "done", people, reason=reason), found)


def _detected(frames: Iterable[Frame], detector: Detector, batch: int = 8) -> Iterator[tuple[Frame, Boxes]]:
    frames = iter(frames)
    while some := list(islice(frames, batch)):
        yield from zip(some, detector.detect([frame.rgb for frame in some]), strict=True)


def _sightings(tracks: list[Track], name: str, camera: str, start: float | None) -> list[Sighting]:
    return [_sighting(track, name, camera, start) for track in tracks]


def _sighting(track: Track, name: str, camera: str, start: float | None) -> Sighting:
    best, *rest = track.best()
    time = None if start is None else start + best.offset
    record = Record(
        record_id(name, best.frame, best.box),
        name,
        best.box,
        camera,
        time,
        best.offset,
        best.frame,
        track.number,
    )
    more = sorted(rest[:MORE_VIEWS], key=lambda view: view.offset)
    return Sighting(
        Image.fromarray(best.crop), record, best.score, tuple(Image.fromarray(view.crop) for view in more)
    )
