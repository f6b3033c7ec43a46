"""What a gallery knows about a person and about the file the person was found in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from textreid_index.errors import InvalidValueError

MEMBER_MARK = "!"
"""Stands between a zip file and the name of its member in a source: "archive.zip!folder/photo.jpg"."""

MEMORY_PREFIX = "memory:"
"""Begins the source of an image that was handed over in memory and lies in no file."""

UPLOADS = "uploads"
"""The folder inside a gallery's own for files that were handed to it."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS_FROM_YEAR_1 = 62_135_596_800  # to 1970: what a calendar date can hold


@dataclass(frozen=True)
class Record:
    """One person in the gallery: a crop of one photo, or one track through a video.

    Attributes:
        id: stable and unique in the gallery.
        source: path of the photo or video; "archive.zip!member.jpg" for a photo inside a zip file.
        box: x1, y1, x2, y2 in pixels of the upright full image; None: the whole image is the person.
        camera: name of the camera.
        time: when the image was taken, POSIX seconds (UTC), if known.
        offset: seconds from the start of the video.
        frame: frame number in the video.
        track: number of the track in the video.

    Raises:
        InvalidValueError: an empty text or one that is not Unicode, or a number that is not finite.
    """

    id: str
    source: str
    box: tuple[float, float, float, float] | None = None
    camera: str | None = None
    time: float | None = None
    offset: float | None = None
    frame: int | None = None
    track: int | None = None

    def __post_init__(self) -> None:
        if not self.id or not self.source or not _is_unicode(self.id + self.source + (self.camera or "")):
            raise InvalidValueError(f"An id, source or camera must be text in valid Unicode: {self!r}.")
        numbers = [*(self.box or ()), self.time or 0.0, self.offset or 0.0]
        ordinary = all(map(math.isfinite, numbers)) and abs(self.time or 0.0) < SECONDS_FROM_YEAR_1
        if len(numbers) not in (2, 6) or not ordinary:
            raise InvalidValueError(f"'{self.id}' has a box, time or offset that cannot be: {self}.")

    @property
    def when(self) -> str | None:
        """ISO-8601 UTC when the time is known, else "0:01:23.4" into the video, else None."""
        return self.when_in(UTC)

    def when_in(self, zone: tzinfo) -> str | None:
        """The same in another time zone."""
        if self.time is not None:
            timespec = "seconds" if self.time == int(self.time) else "milliseconds"
            return _shown(self.time, zone).isoformat(timespec=timespec)
        if self.offset is not None:
            minutes, tenths = divmod(round(self.offset * 10), 600)
            return f"{minutes // 60}:{minutes % 60:02}:{tenths // 10:02}.{tenths % 10}"
        return None


def _shown(time: float, zone: tzinfo) -> datetime:
    moment = EPOCH + timedelta(seconds=time)
    try:
        return moment.astimezone(zone)
    except OverflowError:  # in the first or the last hours of the calendar
        return moment


def _is_unicode(text: str) -> bool:
    """Whether a text can be stored: a file name that is not UTF-8 arrives with lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


Status = Literal["done", "partial", "failed"]


@dataclass(frozen=True)
class SourceState:
    """How far one photo, zip member or video has been indexed, so that it is not indexed twice.

    Attributes:
        key: path of the source, written as in `Record.source`.
        size: bytes of the file when it was read.
        mtime_ns: its modification time in nanoseconds.
        settings: how people were looked for (detector, crops); other settings mean: index again.
        status: "done", "partial" (a video stopped in the middle) or "failed".
        people: people found so far.
        reason: why it failed.
        resume_at: seconds of a partly indexed video from which to go on.
        content: what tells the same content at another path, if that was looked at.
        reading: number of this reading of the file. The people of earlier readings go as those of a new one
            come.
    """

    key: str
    size: int
    mtime_ns: int
    settings: str
    status: Status = "done"
    people: int = 0
    reason: str | None = None
    resume_at: float | None = None
    content: str | None = None
    reading: int = 0

    def __post_init__(self) -> None:
        if not self.key or not _is_unicode(self.key + (self.reason or "")):
            raise InvalidValueError(f"The key of a source must be text in valid Unicode: {self!r}.")
        if self.status not in ("done", "partial", "failed"):
            raise InvalidValueError(f"Status must be done, partial or failed, not '{self.status}'.")
