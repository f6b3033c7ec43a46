"""What another program is in the way of is tried again."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

from textreid_index.errors import GalleryBusyError

T = TypeVar("T")

LONGEST_PAUSE = 0.1  # seconds


def again(wait: float, attempt: Callable[[], T]) -> T:
    """What an attempt gives, which is repeated while another program is in the way, for up to `wait` seconds.

    SQLite's own timeout covers most of that, but not two programs that empty the log, or one that opens the
    file while the last of the others closes it.

    Raises:
        GalleryBusyError: the last attempt's.
        sqlite3.OperationalError: the last attempt's, or one that waiting does not help.
    """
    deadline, pause = time.monotonic() + wait, 0.001
    while True:
        try:
            return attempt()
        except (GalleryBusyError, sqlite3.OperationalError) as error:
            if not _passes(error) or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0, pause))  # so that two do not meet again and again
        pause = min(2 * pause, LONGEST_PAUSE)


def _passes(error: Exception) -> bool:
    """Whether it comes from what another program does at this moment."""
    code = getattr(error, "sqlite_errorcode", 0)
    return isinstance(error, GalleryBusyError) or code & 0xFF in PASSING or code in PASSING


PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY_RECOVERY,
    sqlite3.SQLITE_READONLY_CANTLOCK,
    sqlite3.SQLITE_READONLY_DIRECTORY,  # the log was there, and is gone
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_DELETE_NOENT,
}
"""Kinds of errors, or single ones, that are over when the other program is done."""
