"""The moment at which something was recorded: clocks that cannot be right, times in names, zones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

FIRST_YEAR = 1990
"""Before it hardly anybody recorded digitally; 1904, 1970 and 1980 are where clocks begin that were reset."""

_CLOCK = re.compile(
    r"\s*(\d{4})[-:/.](\d\d)[-:/.](\d\d)[T ]+(\d\d)[:.](\d\d)[:.](\d\d)(?:[.,]\d+)?\s*(Z|[+-]\d\d:?\d\d)?"
)
_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)"  # 20260301, 2026-03-01
    r"(?:[-_T. ]|_-_| at )?"
    r"(\d\d|\d(?=[.:]))([-_.:h]?)(\d\d)(?:\6|m)(\d\d)s?"  # 140512, 14.05.12, 14h05m12s
    r"(?:[-_.]?\d{1,3})?(?!\d)(Z|[ \u202f]?[AP]M\b)?"  # thousandths, a number in a burst
)
_XMP = re.compile(
    rb"(?:exif:DateTimeOriginal|photoshop:DateCreated|xmp:CreateDate)\s*(?:=\s*[\"']|>)([^\"'<]{10,40})"
)

DATE_TIME, GPS_IFD_TIME, GPS_IFD_DATE = 0x0132, 0x0007, 0x001D
_ORIGINAL, _DIGITIZED = (0x9003, 0x9011), (0x9004, 0x9012)
_CHANGED = (DATE_TIME, 0x9010)
TIME_TAGS = frozenset({*_ORIGINAL, *_DIGITIZED, *_CHANGED, GPS_IFD_TIME, GPS_IFD_DATE})
"""Numbers of the EXIF tags that `time_in_exif` looks at; the zone stands beside each time."""


def moment(clock: datetime) -> float | None:
    """What a clock showed, as POSIX seconds; None if the clock was not set.

    A moment is from 1990 to tomorrow. The first of January 2000, and midnight at the beginning of any other
    year to the second, are where the clocks of cameras begin when their battery was taken out.

    Args:
        clock: date and time with a zone.
    """
    if clock.year < FIRST_YEAR or clock.year > datetime.now(UTC).year + 1:
        return None
    shown = (clock.month, clock.day)
    if shown == (1, 1) and (clock.year == 2000 or (clock.hour, clock.minute, clock.second) == (0, 0, 0)):
        return None
    seconds = clock.timestamp()
    return seconds if seconds <= (datetime.now(UTC) + timedelta(days=1)).timestamp() else None


def time_in_words(words: str, zone: tzinfo) -> float | None:
    """A moment written like `2026:03:01 14:05:12` or `2026-03-01T14:05:12+01:00`, as POSIX seconds.

    Args:
        words: from a file's metadata.
        zone: where the clock hung, if the words do not say.
    """
    found = _CLOCK.match(words)
    if found is None:
        return None
    *fields, offset = found.groups()
    return _moment(fields, _offset(offset) or zone)


def time_in_name(name: str, zone: tzinfo) -> float | None:
    """The moment in the name of a file, such as `IMG_20260301_140512.jpg`, as POSIX seconds.

    A date without a time of day (`IMG-20260301-WA0001.jpg`) is not a moment. The names of Pixel phones
    (`PXL_...`), and those that end in Z, are in UTC.

    Args:
        name: without its folder.
        zone: where the clock hung.
    """
    found = _NAME.search(name)
    if found is None:
        return None
    year, _, month, day, hour, _, minute, second, mark = found.groups(default="")
    if mark.endswith("M"):
        hour = str(int(hour) % 12 + 12 * mark.endswith("PM"))
    in_utc = mark == "Z" or name.startswith("PXL_")
    return _moment((year, month, day, hour, minute, second), UTC if in_utc else zone)


def time_in_exif(tags: Mapping[int, Any], zone: tzinfo) -> float | None:
    """The moment in EXIF data: when it was taken, digitised, by GPS, or last changed, the first that is one.

    Args:
        tags: number -> value, as `read_exif` gives them.
        zone: where the camera's clock hung, if no zone stands beside the time; GPS is in UTC.
    """
    candidates = (
        _exif_clock(tags, _ORIGINAL, zone),
        _exif_clock(tags, _DIGITIZED, zone),
        _gps_clock(tags),
        _exif_clock(tags, _CHANGED, zone),
    )
    return first_time(candidates)


def time_in_xmp(xmp: bytes, zone: tzinfo) -> float | None:
    """The moment in an XMP packet, for what has no EXIF data."""
    return first_time(time_in_words(found.decode("latin-1"), zone) for found in _XMP.findall(xmp))


def first_time(candidates: Iterable[float | None]) -> float | None:
    """The first that is not None."""
    return next((time for time in candidates if time is not None), None)


def _exif_clock(tags: Mapping[int, Any], numbers: tuple[int, int], zone: tzinfo) -> float | None:
    time, offset = (str(tags.get(number, "")).strip("\0 ") for number in numbers)
    return time_in_words(time, _offset(offset) or zone)


def _gps_clock(tags: Mapping[int, Any]) -> float | None:
    date, time = str(tags.get(GPS_IFD_DATE, "")), tags.get(GPS_IFD_TIME)
    if not isinstance(time, tuple) or len(time) != 3:
        return None
    return time_in_words("{} {:02.0f}:{:02.0f}:{:02.0f}".format(date, *(part // 1 for part in time)), UTC)


def _offset(words: str | None) -> tzinfo | None:
    if words == "Z":
        return UTC
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", words or "")
    if found is None:
        return None
    minutes = 60 * int(found[2]) + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes)) if minutes < 1440 else None


def _moment(fields: Iterable[str], zone: tzinfo) -> float | None:
    try:
        year, month, day, hour, minute, second = map(int, fields)
        return moment(datetime(year, month, day, hour, minute, second, tzinfo=zone))
    except (ValueError, OverflowError):  # the 31st of February, and the like
        return None
