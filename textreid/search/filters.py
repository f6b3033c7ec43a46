"""Whom a search should consider, as people type it: a camera, a file, moments in time or in a video."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textreid.errors import InputError
from textreid_index import Where
from textreid_index.records import MEMORY_PREFIX

_OFFSET = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)")


def posix_seconds(text: str) -> float:
    """`"2026-03-01T14:05"` -> seconds since 1970. A time without a zone is UTC.

    Raises:
        InputError: it is no ISO 8601 date or date-time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            f"'{text}' is not a date and time. Write 2026-03-01, 2026-03-01T14:05 or 2026-03-01T14:05+01:00; "
            "it is UTC where no zone is given."
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


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
) -> Where:
    """The filter of a search from what a person types.

    Args:
        camera: name of one camera.
        since: the earliest moment: a date and time ("2026-03-01T14:05", UTC where no zone is given) compared
            with the capture time, or an offset ("90", "1:30", "0:01:30") compared with the seconds into the
            video.
        until: the latest moment, in either form.
        source: one file, or a folder for everything in it.

    Raises:
        InputError: a moment is in neither form, or `since` lies after `until`.
    """
    limits: dict[str, Any] = {}
    for name, text in (("since", since), ("until", until)):
        if text is None or not text.strip():
            continue
        offset = offset_seconds(text)
        if offset is not None:
            limits[f"offset_{name}"] = offset
        else:
            limits[name] = posix_seconds(text)
    for low, high in (("since", "until"), ("offset_since", "offset_until")):
        if limits.get(low, float("-inf")) > limits.get(high, float("inf")):
            raise InputError(f"No time lies between {since} and {until}: exchange the two.")
    return Where(camera=camera or None, source=source_key(source) if source else None, **limits)


def source_key(path: str | Path) -> str:
    """A file, folder or `archive.zip!member` as the gallery names it: absolute, however it was typed."""
    text = str(path)
    if text.startswith(MEMORY_PREFIX):
        return text
    return os.path.abspath(Path(text).expanduser())  # noqa: PTH100  (links stay as they are)
