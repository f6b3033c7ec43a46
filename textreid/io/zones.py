"""Time zones by name."""

from __future__ import annotations

import difflib
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from textreid.errors import InputError


def zone_named(name: str | None) -> tzinfo:
    """`"Europe/Istanbul"` -> that zone; None is UTC.

    Raises:
        InputError: there is no such zone.
    """
    if name is None or name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except Exception:  # KeyError, ValueError, OSError: whatever a name of a file can be
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f" Did you mean {near[0]}?" if near else " Without any, install the package tzdata."
        raise InputError(f"There is no time zone '{name}': write one such as Europe/Berlin.{hint}") from None
