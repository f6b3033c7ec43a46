"""How many commits a gallery has seen, in a file beside it: by this a lost log is noticed.

What was committed last stands in SQLite's log alone. Where somebody removes that, the file opens as it was
before, and nothing in it looks wrong. So the number of commits stands in the database and, after each of
them, in `gallery.commits`: where the file says more, commits are missing. It is raised after a commit and
never lowered, so that a killed program leaves it behind and never ahead; and it names the gallery that it
counts for, so that one made anew, or copied here, is not measured by it.
"""

from __future__ import annotations

import os
import shutil
import zlib
from contextlib import suppress
from pathlib import Path

from textreid_index.store.permissions import make_private_file

try:
    import fcntl
except ImportError:  # Windows, where two who raise it at the same moment may leave it one behind
    fcntl = None  # type: ignore[assignment]

FILE = "gallery.commits"

Seen = tuple[str, int]
"""The identity of a gallery, and how many commits it has had; ("", 0) where nothing is known."""

NOTHING: Seen = ("", 0)

MISSING = (
    "Changes that were committed to the gallery {folder} are missing, the last {missing}: its log,"
    " gallery.sqlite-wal, was removed, or gallery.sqlite replaced by an older copy. Restore the whole folder"
    " from a copy, or index the photos again, which adds who is missing."
)


class CommitCount:
    """The file `gallery.commits` beside a gallery's database. What cannot be read or written counts nothing.

    Args:
        database: the gallery's file.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(FILE)

    def read(self) -> Seen:
        """What the file says; whoever compares it with the database must read it first."""
        try:
            return _parse(self._path.read_bytes())
        except OSError:
            return NOTHING

    def raise_to(self, seen: Seen) -> None:
        """Write a larger count, or that of another gallery, which has to be committed by now."""
        identity, commits = seen
        with suppress(OSError):  # a full disk, or another user's file
            make_private_file(self._path)
            descriptor = os.open(self._path, os.O_RDWR | getattr(os, "O_BINARY", 0))
            try:
                if fcntl is not None:
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                before = _parse(os.read(descriptor, 1000))
                if before[0] != identity or before[1] < commits:
                    os.lseek(descriptor, 0, os.SEEK_SET)
                    os.truncate(descriptor, os.write(descriptor, _format(seen)))
            finally:
                os.close(descriptor)
            shutil.copymode(self._database, self._path)  # as SQLite does with its log


def _format(seen: Seen) -> bytes:
    text = f"{seen[0]} {seen[1]:020}"
    return f"{text} {zlib.crc32(text.encode()):08x}\n".encode()


def _parse(line: bytes) -> Seen:
    identity, _, rest = line.decode(errors="replace").partition(" ")
    digits = rest.partition(" ")[0]
    if digits.isdecimal() and _format((identity, int(digits))) == line:
        return identity, int(digits)
    return NOTHING
