"""The people in a video: sampled, detected, followed, and yielded in stretches that can be committed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from itertools import islice

from PIL import Image

from textreid.people.best_view import Embed
from textreid.people.detectors.boxes import Boxes, Detector
from textreid.people.sightings import Found, Note, Sighting, Skipped, record_id, settings_of
from textreid.people.source_files import Source
from textreid.people.tracking import Follower, Track
from textreid.people.video_file import Clip, Frame
from textreid.people.video_moment import recorded
from textreid_index import Record

FRAMES_PER_SECOND = 5.0
"""Frames a second that are looked at."""

STRETCH_SECONDS = 60.0
"""Seconds after which a stretch ends as soon as nobody is in sight ..."""

MAX_STRETCH_SECONDS = 120.0
"""... and after which it ends in any case; somebody in sight at that moment then becomes two hits."""

TELL_SECONDS = 5
"""Seconds of a video after which it is told how far it is read, also where nobody was found."""

MAX_BATCH, BATCH_PIXELS = 8, 50_000_000
"""Frames that are looked at together, at most so many and of so many pixels."""

VIEWS = 4
"""Views of a track: the best one, and those that show the person otherwise."""


def find(
    source: Source,
    detector: Detector,
    camera: str | None,
    start: float | None,
    resume_at: float | None,
    zone: tzinfo = UTC,
    embed: Embed | None = None,
) -> Iterator[Found | Skipped]:
    """The people of a video file in stretches.

    Raises:
        InputError: it is no video that can be read.
    """
    with Clip(source.path) as clip:
        if start is None:
            start = recorded(clip.metadata, source.path.name, zone)
        camera = camera or source.path.stem
        yield from _stretches(clip, source, detector, camera, start, resume_at or 0.0, embed)


def _stretches(
    clip: Clip,
    source: Source,
    detector: Detector,
    camera: str,
    start: float | None,
    begin: float,
    embed: Embed | None,
) -> Iterator[Found | Skipped]:
    settings, people, looks, seen, told = settings_of(detector), 0, 0, begin, int(2 * begin)
    follower = Follower(embed)
    for frame, boxes in _detected(clip.sample(FRAMES_PER_SECOND, begin), detector):
        length = frame.offset - begin
        if length >= MAX_STRETCH_SECONDS or (length >= STRETCH_SECONDS and not follower.busy):
            found = _sightings(follower.finish(), follower.everybody, source.key, camera, start)
            people += len(found)
            state = source.state(settings, "partial", people, resume_at=frame.offset)
            yield Found(state, found, _part(clip, frame.offset))
            follower, begin = Follower(embed), frame.offset
        follower.update(frame, boxes)
        looks, seen = looks + 1, frame.offset
        if int(2 * seen) > told:
            told = int(2 * seen)
            found = _sightings(follower.finished(), follower.everybody, source.key, camera, start)
            if found or told % (2 * TELL_SECONDS) == 0:
                people += len(found)
                state = source.state(settings, "partial", people, resume_at=begin)
                yield Found(state, found, _part(clip, seen))
    found = _sightings(follower.finish(), follower.everybody, source.key, camera, start)
    people += len(found)
    reason = None
    if clip.damage is not None:
        reason = f"damaged: {clip.damage}; " + (
            f"people were found up to {seen:.1f} s." if looks else "no frame could be read."
        )
        yield Skipped(source.key, reason)
    elif looks + (begin > 0) < 2:
        yield Skipped(
            source.key, "it holds one frame only, which is no film." if looks else "it has no frame."
        )
        return
    if looks or clip.damage is None:
        notes = tuple(Note(source.key, text) for text in _notes(clip))
        yield Found(source.state(settings, "done", people, reason=reason), found, notes=notes)


def _part(clip: Clip, offset: float) -> float:
    return min(offset / clip.length, 1.0) if clip.length else 0.0


def _notes(clip: Clip) -> Iterator[str]:
    if "leap" in clip.faults:
        yield f"its clock jumps at {clip.faults['leap']:.1f} s; time was counted on as if it did not."
    if "wild" in clip.faults:
        yield f"a time stamp at {clip.faults['wild']:.1f} s cannot be and was passed over."
    for text in clip.unread:
        yield f"{text}."


def _detected(frames: Iterable[Frame], detector: Detector) -> Iterator[tuple[Frame, Boxes]]:
    frames = iter(frames)
    for first in frames:
        batch = max(1, min(MAX_BATCH, BATCH_PIXELS * 3 // first.rgb.size))
        some = [first, *islice(frames, batch - 1)]
        yield from zip(some, detector.detect([frame.rgb for frame in some]), strict=True)


def _sightings(
    tracks: list[Track], everybody: list[Track], name: str, camera: str, start: float | None
) -> list[Sighting]:
    return [_sighting(track, everybody, name, camera, start) for track in tracks]


def _sighting(track: Track, others: list[Track], name: str, camera: str, start: float | None) -> Sighting:
    best, *rest = track.best(VIEWS, others)
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
    more = sorted(rest, key=lambda view: view.offset)
    return Sighting(
        Image.fromarray(best.crop),
        record,
        best.score,
        tuple(Image.fromarray(view.crop) for view in more),
        tuple((view.offset, view.box) for view in more),
        track.path,
    )
