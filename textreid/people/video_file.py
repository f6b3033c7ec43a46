"""Frames of a video file with their times, whatever the container; of a damaged one as much as can be had."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from textreid.errors import InputError
from textreid.io.images import MAX_PIXELS
from textreid.io.reason import reason_of

_TICK = 1e-4  # seconds; container times are rounded, frames are never this close


@dataclass(frozen=True)
class Frame:
    """One frame of a video.

    Attributes:
        offset: seconds since the first frame, from the frame's own time stamp.
        number: `offset` times the average frame rate; at a constant rate, the frame's number from 0.
        rgb: [H, W, 3] uint8, upright.
    """

    offset: float
    number: int
    rgb: np.ndarray


class Clip:
    """An open video file; use it in a `with` statement.

    Attributes:
        rate: frames a second, on average.
        created: POSIX seconds of its `creation_time`, if it has a credible one.
        length: seconds, as the file says; None if it does not.
        damage: what went wrong while frames were read; None if nothing did.

    Raises:
        InputError: it is no video, has no image track, or has more than 50 megapixels a frame. The message
            is the reason alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open()
        duration = self._container.duration
        self.length = duration / 1_000_000 if duration else None
        self.created = _created(self._container.metadata)
        self.damage: str | None = None

    def __enter__(self) -> Clip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def sample(self, rate: float, begin: float = 0.0) -> Iterator[Frame]:
        """Frames from `begin` on, the first of every 1 / `rate` seconds of the clip.

        Which frames these are does not depend on `begin`.

        Args:
            rate: frames a second; all frames if the clip has fewer.
            begin: seconds into the clip.
        """
        last = -1
        for offset, frame in self._decode(begin):
            tick = math.floor((offset + _TICK) * rate)
            if tick > last:
                last = tick
                yield Frame(offset, round(offset * self.rate), _upright(frame))

    def frame_at(self, offset: float) -> Frame:
        """The frame whose time is `offset` seconds, or the first one after it.

        Raises:
            InputError: the clip ends before.
        """
        for time, frame in self._decode(offset):
            return Frame(time, round(time * self.rate), _upright(frame))
        raise InputError(f"{self._path} has no frame at {offset:.2f} s. Was it cut since it was indexed?")

    def _open(self) -> None:
        import av

        try:
            self._container = av.open(
                str(self._path), options={"protocol_whitelist": "file"}, metadata_errors="replace"
            )
        except Exception as error:
            raise InputError(f"not a video that can be read: {reason_of(error)}.") from error
        if not self._container.streams.video:
            raise InputError("it has no image track.")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self.rate = float(self._stream.average_rate or self._stream.guessed_rate or 25)
        if self._stream.width * self._stream.height > MAX_PIXELS:
            raise InputError(f"its frames have more than {MAX_PIXELS // 1_000_000} megapixels.")

    def _decode(self, begin: float) -> Iterator[tuple[float, Any]]:
        """(seconds since the first frame, frame) of every frame from `begin` on."""
        seekable = self._container.format.name != "mpeg"  # after a seek its times are half a frame off
        frames = self._timed(seek=begin) if begin > 0 and seekable else self._timed()
        first = next(frames, None)
        if begin > 0 and (first is None or first[0] > begin + _TICK):  # the seek failed: read up to there
            self._container.close()
            self._open()
            frames = self._timed()
            first = next(frames, None)
        if first is not None and first[0] >= begin - _TICK:
            yield first
        for offset, frame in frames:
            if offset >= begin - _TICK:
                yield offset, frame

    def _timed(self, seek: float | None = None) -> Iterator[tuple[float, Any]]:
        import av

        stream = self._stream
        zero = stream.start_time or 0
        if seek is not None:
            try:
                self._container.seek(zero + int(seek / stream.time_base), stream=stream)
            except av.FFmpegError:
                return
        for count, frame in enumerate(self._frames()):
            if frame.pts is not None:
                yield float((frame.pts - zero) * stream.time_base), frame
            elif seek is not None:  # without time stamps only counting from the start tells the time
                return
            else:
                yield count / self.rate, frame

    def _frames(self) -> Iterator[Any]:
        import av

        try:
            for packet in self._container.demux(self._stream):
                try:
                    yield from packet.decode()
                except av.error.InvalidDataError as error:
                    self.damage = reason_of(error)
        except av.FFmpegError as error:
            self.damage = reason_of(error)


def _upright(frame: Any) -> np.ndarray:
    rgb = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))


def _created(metadata: dict[str, str]) -> float | None:
    try:
        created = datetime.fromisoformat(metadata["creation_time"])
    except (KeyError, ValueError):
        return None
    if created.year < 1990:  # 1904 and 1970: a clock that was never set
        return None
    return (created if created.tzinfo else created.replace(tzinfo=UTC)).timestamp()
