"""Which track of a file is its film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textreid.errors import InputError
from textreid.people.video_formats import open_video

MAX_PIXELS = 50_000_000
"""Pixels of a frame as it is shown."""

_PACKETS = 5_000  # that are looked at to tell a picture from a film


def film_track(path: Path, container: Any) -> tuple[Any, tuple[str, ...]]:
    """The track to read, and what is to be said of others that are films too.

    Cover pictures and tracks of one frame are no film. Of several films the largest is read, of equal ones
    the first.

    Raises:
        InputError: there is none, or none that can be decoded. The message is the reason alone.
    """
    import av

    tracks = container.streams.video
    if not tracks:
        raise InputError("it has no image track.")
    films = [track for track in tracks if not track.disposition & av.stream.Disposition.attached_pic]
    films = _moving(path, films) if len(films) > 1 else [film for film in films if film.frames != 1]
    if not films:
        raise InputError("it has no film, only a cover picture or one frame.")
    readable = [film for film in films if film.codec_context is not None]
    if not readable:
        raise InputError(f"there is no decoder for its film{_of_codec(films[0])}.")
    best = max(readable, key=lambda film: (min(_pixels(film), MAX_PIXELS), -film.index))
    if _pixels(best) > MAX_PIXELS:
        raise InputError(f"its frames have more than {MAX_PIXELS // 1_000_000} megapixels.")
    return best, tuple(_unread(film) for film in films if film is not best)


def aspect_of(track: Any) -> float:
    """Width of a pixel by its height; 1.0 where the file does not say, or says what cannot be."""
    aspect = float(track.sample_aspect_ratio or track.codec_context.sample_aspect_ratio or 1)
    return aspect if 1 / 8 <= aspect <= 8 else 1.0


def _pixels(track: Any) -> float:
    aspect = aspect_of(track)
    return track.codec_context.width * track.codec_context.height * max(aspect, 1 / aspect)


def _moving(path: Path, tracks: list[Any]) -> list[Any]:
    """Those of which a second packet comes; containers seldom say how many there are."""
    frames = {track.index: 0 for track in tracks if track.frames != 1}
    with open_video(path) as again:
        wanted = [again.streams[index] for index in frames]
        for number, packet in enumerate(again.demux(wanted)):
            frames[packet.stream.index] += packet.size > 0
            if number == _PACKETS or min(frames.values()) > 1:
                break
    return [track for track in tracks if frames.get(track.index, 0) > 1]


def _unread(track: Any) -> str:
    if track.codec_context is None:
        return f"track {track.index} has no decoder{_of_codec(track)} and was not read"
    size = f"{track.codec_context.width} x {track.codec_context.height}"
    return f"track {track.index}, another film of {size} pixels, was not read; save it as a file of its own"


def _of_codec(track: Any) -> str:
    context = track.codec_context
    return "" if context is None else f" ({context.name})"
