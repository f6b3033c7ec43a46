"""What another program is in the way of is tried again."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from textreid_index.errors import GalleryBusyError
from textreid_index.store.shares import describe_turns, error_code, is_locked, try_locks

T = TypeVar("T")

LONGEST_PAUSE = 0.1  # seconds

LONGEST_ATTEMPT = 0.5
"""Seconds that one attempt waits by itself, before it is asked whether there is anybody to wait for."""

IN_USE = "Another program is using the gallery. {turns} Try again when it has finished."


@dataclass(frozen=True)
class Waiting:
    """How long the users of a gallery wait for other programs.

    Attributes:
        folder: the gallery's folder.
        seconds: after them what failed fails.
    """

    folder: Path
    seconds: float

    @property
    def attempt(self) -> float:
        """Seconds that SQLite itself may wait in one attempt."""
        return min(self.seconds, LONGEST_ATTEMPT)

    def again(self, attempt: Callable[[], T]) -> T:
        """What an attempt gives, which is repeated while another program is in the way.

        SQLite's own timeout covers most of that, but not two programs that empty the log, or one that opens
        the file while the last of the others closes it.

        Raises:
            GalleryError: files cannot be locked here, so that waiting is in vain.
            GalleryBusyError: the last attempt's.
            sqlite3.OperationalError: the last attempt's, or one that waiting does not help.
        """
        deadline, pause, together = time.monotonic() + self.seconds, 0.001, None
        while True:
            try:
                return attempt()
            except (GalleryBusyError, sqlite3.OperationalError) as error:
                if not _passes(error):
                    raise
                if is_locked(error) and together is None:
                    together = try_locks(self.folder)
                if time.monotonic() > deadline:
                    if together is False:
                        raise GalleryBusyError(IN_USE.format(turns=describe_turns(self.folder))) from error
                    raise
            time.sleep(random.uniform(0, pause))  # so that two do not meet again and again
            pause = min(2 * pause, LONGEST_PAUSE)


def _passes(error: Exception) -> bool:
    """Whether it comes from what another program does at this moment."""
    code = error_code(error)
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
