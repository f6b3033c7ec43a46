"""Frames of a video file with their times, whatever the container; of a damaged one as much as can be had."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from textreid.errors import InputError
from textreid.io.reason import reason_of
from textreid.people.video_clock import Fault, ordered
from textreid.people.video_formats import open_video
from textreid.people.video_packets import is_seekable, last_key, rate_of, timed
from textreid.people.video_picture import picture
from textreid.people.video_tracks import aspect_of, film_track

_TICK = 1e-4  # seconds; container times are rounded, frames are never this close


@dataclass(frozen=True)
class Frame:
    """One frame of a video.

    Attributes:
        offset: seconds since the first frame, from the frame's own time stamp.
        number: `offset` times the average frame rate; at a constant rate, the frame's number from 0.
        rgb: [H, W, 3] uint8, as it is shown: upright, with square pixels, in sRGB.
    """

    offset: float
    number: int
    rgb: np.ndarray


class Clip:
    """An open video file; use it in a `with` statement.

    Where its clock restarts or leaps, time goes on as if it had not, and a single stamp that cannot be is
    passed over (`textreid.people.video_clock`); `sample` and `frame_at` tell the same times. A place in the
    middle is sought where the container lists its stamps and they are sound. Else the file is read up to
    there, twice, without decoding what lies before the last key frame.

    Attributes:
        rate: frames a second, on average.
        length: seconds, as the file says; None if it does not.
        metadata: what container and track say of themselves.
        unread: what is to be said of further films in the file.
        faults: what was wrong with its clock as far as it was read, each with the seconds where it was first
            found.
        damage: what went wrong while frames were read; None if nothing did.

    Raises:
        InputError: it is no video, has no film, or has more than 50 megapixels a frame. The message is the
            reason alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container = open_video(path)
        track, self.unread = film_track(path, self._container)
        self._use(track)
        self._aspect, self.rate = aspect_of(track), rate_of(track)
        duration = self._container.duration
        self.length = duration / 1_000_000 if duration else None
        self.metadata = {**track.metadata, **self._container.metadata}
        self.faults: dict[Fault, float] = {}
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
        last = -math.inf
        for offset, frame in self._decode(begin):
            tick = math.floor((offset + _TICK) * rate)
            if tick > last:
                last = tick
                yield self._frame(offset, frame)

    def frame_at(self, offset: float) -> Frame:
        """The frame whose time is `offset` seconds, or the first one after it.

        Raises:
            InputError: the clip ends before.
        """
        for time, frame in self._decode(offset):
            return self._frame(time, frame)
        raise InputError(f"{self._path} has no frame at {offset:.2f} s. Was it cut since it was indexed?")

    def _frame(self, offset: float, frame: Any) -> Frame:
        return Frame(offset, round(offset * self.rate), picture(frame, self._aspect))

    def _use(self, track: Any) -> None:
        self._track = track
        self._track.thread_type = "AUTO"

    def _rewind(self) -> None:
        """Begin anew: what was decoded cannot be taken back."""
        index = self._track.index
        self._container.close()
        self._container = open_video(self._path)
        self._use(self._container.streams[index])

    def _decode(self, begin: float) -> Iterator[tuple[float, Any]]:
        """(seconds since the first frame, frame) of every frame from `begin` on."""
        if begin <= 0:
            frames = self._timed()
        elif is_seekable(self._container, self._track):
            frames = self._sought(begin)
        else:
            skip = last_key(self._path, self._track.index, begin + _TICK)
            self._rewind()
            frames = self._timed(skip=skip)
        first = next(frames, None)
        if begin > 0 and (first is None or first[0] > begin + _TICK):  # not found: read up to there
            self._rewind()
            frames = self._timed()
            first = next(frames, None)
        for offset, frame in chain([first] if first else [], frames):
            if offset >= begin - _TICK:
                yield offset, frame

    def _sought(self, begin: float) -> Iterator[tuple[float, Any]]:
        import av

        stamp = self._track.start_time + int(begin / self._track.time_base)
        try:
            self._container.seek(stamp, stream=self._track)
        except av.FFmpegError:
            return iter(())
        return self._timed(sought=True)

    def _timed(self, *, skip: int = 0, sought: bool = False) -> Iterator[tuple[float, Any]]:
        """Every frame with its time, after the first `skip` packets."""
        return ordered(self._decoded(skip, sought))

    def _decoded(self, skip: int, sought: bool) -> Iterator[tuple[float, Any]]:
        import av

        tick, late = self._track.time_base, -1 / self.rate
        for number, (packet, moment) in enumerate(timed(self._packets(), self._track, sought=sought)):
            if moment.fault is not None:
                self.faults.setdefault(moment.fault, float(packet.dts * tick))
            if number < skip:
                continue
            try:
                frames = packet.decode()
            except av.FFmpegError as error:  # the decoder goes on from the next key frame
                self.damage = reason_of(error)
                continue
            for frame in frames:
                late = float(frame.pts * tick) if frame.pts is not None else late + 1 / self.rate
                yield late, frame

    def _packets(self) -> Iterator[Any]:
        import av

        try:
            yield from self._container.demux(self._track)
        except av.FFmpegError as error:
            self.damage = reason_of(error)
