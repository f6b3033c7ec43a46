"""Whom a search should consider, as people type it: a camera, a file, moments in time or in a video."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from textreid.errors import InputError
from textreid_index import Gallery, Where

_OFFSET = re.compile(r"(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9}(?:\.\d{1,9})?)", re.ASCII)


def posix_seconds(text: str, zone: tzinfo = UTC) -> float:
    """`"2026-03-01T14:05"` -> seconds since 1970.

    Args:
        text: a date, or a date and time, in ISO 8601.
        zone: of a time without one.

    Raises:
        InputError: it is no date or date-time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise InputError(
            f"'{text:.80}' is not a date and time. Write 2026-03-01, 2026-03-01T14:05 or"
            " 2026-03-01T14:05+01:00; it is UTC where no zone is given."
        ) from None


def offset_seconds(text: str) -> float | None:
    """`"90"`, `"1:30"` or `"0:01:30"` -> 90.0 seconds into a video; None if it has another form."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def where(
    *,
    camera: str | None = None,
    since: str | None = None,
    until: str | None = None,
    source: str | None = None,
    zone: tzinfo = UTC,
) -> Where:
    """The filter of a search from what a person types.

    Args:
        camera: name of one camera.
        since: the earliest moment: a date and time ("2026-03-01T14:05") compared with the capture time, or an
            offset ("90", "1:30", "0:01:30") compared with the seconds into the video, which photos have not:
            `photos_left_out` tells how many go by it.
        until: the latest moment, in either form.
        source: one file, or a folder for everything in it; `known` finds it in a gallery.
        zone: of dates and times without one.

    Raises:
        InputError: a moment is in neither form, or `since` lies after `until`.
        InvalidValueError: the camera or the source is an empty text.
    """
    limits: dict[str, Any] = {}
    for name, text in (("since", since), ("until", until)):
        if text is None:
            continue
        offset = offset_seconds(text)
        if offset is not None:
            limits[f"offset_{name}"] = offset
        else:
            limits[name] = posix_seconds(text, zone)
    for low, high in (("since", "until"), ("offset_since", "offset_until")):
        if limits.get(low, float("-inf")) > limits.get(high, float("inf")):
            raise InputError(f"No time lies between {since} and {until}: exchange the two.")
    return Where(camera=camera, source=source, **limits)


def known(filters: Where, gallery: Gallery) -> Where:
    """The same filter with camera and source called as the gallery calls them.

    Raises:
        UnknownSourceError: the gallery knows no such camera or source; names the nearest.
    """
    camera, source = filters.camera, filters.source
    return replace(
        filters,
        camera=camera and gallery.files.find_camera(camera),
        source=source and gallery.files.find(source),
    )


def photos_left_out(filters: Where, gallery: Gallery) -> int:
    """How many people a filter leaves out only because it names a place in a video and they are in photos."""
    if filters.offset_since is None and filters.offset_until is None:
        return 0
    anywhere = replace(filters, offset_since=None, offset_until=None)
    in_videos = replace(anywhere, offset_since=0.0)
    return gallery.count(anywhere) - gallery.count(in_videos)
