"""Read transactions, also where SQLite's usual way of sharing a file is barred.

With a write-ahead log SQLite shares memory through a file beside it. That file cannot be made on a full disk,
nor in a folder that may only be read. There are other ways to read everything that was committed, the log
included: to keep all others out; and, where nothing can be changed anyway, to take no locks at all, and to
look afterwards whether the files are still as they were. Where that is affordable, the look comes before any
answer: the file is read from a copy in memory, which is made again until nobody disturbed it. So is one of an
earlier format, which is brought to the present one there where the file itself cannot be.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from textreid_index.errors import GalleryBusyError, GalleryError
from textreid_index.store import schema
from textreid_index.store.connection import connect, log_file, read_text
from textreid_index.store.migrations import take_steps
from textreid_index.store.shares import cannot_share_memory, error_code, is_locked
from textreid_index.store.waiting import Waiting


@dataclass(frozen=True)
class Way:
    """A way to read a gallery's file.

    Attributes:
        mode: "ro" or "rw", see `connect`.
        alone: whether everybody else is kept out.
        options: see `connect`.
        locked: whether nobody can change what is being read.
    """

    mode: str
    alone: bool = False
    options: str = ""
    locked: bool = True

    @property
    def lasting(self) -> bool:
        """Whether the connection may stay open between transactions."""
        return self.mode == "rw" and not self.alone


SHARED = Way("rw")
ALONE = Way("rw", alone=True)
SHARED_BY_ANOTHER = Way("ro")
LOG_LEFT_BEHIND = Way("ro", alone=True, options="&vfs=unix-none", locked=False)
AT_REST = Way("ro", options="&immutable=1", locked=False)

COPIED_BYTES = 256 << 20
"""A file that cannot be locked is copied to memory up to this size: a tenth of a second."""

CLOCK_TICK = 1_000_000_000
"""Nanoseconds: of two changes within it a file system may tell the same time."""

DISTURBED = "Another program changed the gallery {folder} while it was read. Try again."

Look = tuple[tuple[int, int, int], ...]
"""Number, size and time of the file and of its log, where there is one."""


class Reader:
    """Reads one gallery file, for one thread at a time.

    Args:
        file: the gallery's file.
        readonly: whether this user may not change it.
        waiting: for other programs that are in the way.
        upgrade: bring a copy of a file of an earlier format to the present one.

    Attributes:
        takes_turns: whether all others have been kept out, because no memory can be shared here.
    """

    def __init__(self, file: Path, *, readonly: bool, waiting: Waiting, upgrade: bool = False) -> None:
        self._file = file
        self._readonly = readonly
        self._upgrade = upgrade
        self._waiting = waiting
        self.takes_turns = False
        self._lasting: sqlite3.Connection | None = None
        self._copy: tuple[Look, sqlite3.Connection] | None = None
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A read transaction: what is read in it belongs to one moment.

        Raises:
            GalleryError: the reader is closed.
            GalleryBusyError: the file changed under a reader who could not lock it.
            sqlite3.Error: the file cannot be read.
        """
        if self._closed:
            raise GalleryError(
                f"The gallery {self._file.parent} is closed. Open it again with Gallery.open(...)."
            )
        db, way, before = self._waiting.again(self._begin)
        try:
            yield db
        finally:
            db.rollback()
            if not way.lasting:
                db.close()
            if not way.locked and _look(self._file) != before:
                raise GalleryBusyError(DISTURBED.format(folder=self._file.parent))

    def close(self) -> None:
        """Close the connection that is open."""
        self._closed = True
        self._drop_copy()
        if self._lasting is not None:
            self._lasting.close()
            self._lasting = None

    def _begin(self) -> tuple[sqlite3.Connection, Way, Look]:
        if self._lasting is not None:
            _begin(self._lasting)
            return self._lasting, SHARED, ()
        log = log_file(self._file).exists()
        *better, last = self._ways(log)
        for way in better:
            try:
                return self._open(way)
            except sqlite3.OperationalError as error:
                if not _is_barred(error) and not (self._readonly and is_locked(error)):
                    raise
                self.takes_turns = cannot_share_memory(error) and not self._readonly
        try:
            return self._open(last)
        except sqlite3.OperationalError:
            if log_file(self._file).exists() == log:
                raise
        return self._begin()  # another program made or removed the log just then

    def _open(self, way: Way) -> tuple[sqlite3.Connection, Way, Look]:
        before = _look(self._file)
        if self._copy is not None and self._copy[0] == before:
            _begin(self._copy[1])
            return self._copy[1], SHARED, ()
        # two who want to be alone would wait for one another, and who may only read has another way
        wait = 0 if way.alone or self._readonly else self._waiting.attempt
        db = connect(self._file, way.mode, wait, alone=way.alone, options=way.options)
        try:
            _begin(db)
            if (not way.locked or self._is_former(db)) and before[0][1] <= COPIED_BYTES:
                with closing(db):
                    return self._copy_from(db, before), SHARED, ()
        except sqlite3.DatabaseError as error:
            db.close()
            if not way.locked and _look(self._file) != before:
                raise GalleryBusyError(DISTURBED.format(folder=self._file.parent)) from error
            raise
        self._lasting = db if way.lasting else None
        return db, way, before

    def _copy_from(self, db: sqlite3.Connection, before: Look) -> sqlite3.Connection:
        """A copy in memory, in a read transaction; it serves as long as the file stays as it was."""
        copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        copy.text_factory = read_text
        db.backup(copy)
        if self._is_former(copy):
            copy.execute("BEGIN")
            take_steps(copy, self._file)
            copy.commit()
        if _look(self._file) != before:
            copy.close()
            raise GalleryBusyError(DISTURBED.format(folder=self._file.parent))
        self._drop_copy()
        settled = time.time_ns() - max(changed for _, _, changed in before) > CLOCK_TICK
        self._copy = (before if settled else (), copy)
        _begin(copy)
        return copy

    def _is_former(self, db: sqlite3.Connection) -> bool:
        """Whether it is of an earlier format, and to be brought to the present one."""
        return self._upgrade and schema.read_format(db, self._file) < schema.FORMAT

    def _drop_copy(self) -> None:
        if self._copy is not None:
            self._copy[1].close()
            self._copy = None

    def _ways(self, log: bool) -> list[Way]:
        """The ways to read the file, the best first, where there is a log or none."""
        if self._readonly:
            return [SHARED_BY_ANOTHER, LOG_LEFT_BEHIND] if log else [AT_REST]
        return [SHARED, ALONE] if log else [SHARED, ALONE, AT_REST]


def _begin(db: sqlite3.Connection) -> None:
    """Begin a transaction, and settle of which moment it is: "BEGIN" alone does not look at the file."""
    db.execute("BEGIN")
    try:
        db.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        db.rollback()
        raise


def _look(file: Path) -> Look:
    """What tells whether a file or its log was changed."""
    seen: list[tuple[int, int, int]] = []
    for path in (file, log_file(file)):
        with suppress(FileNotFoundError):
            status = path.stat()
            if status.st_size or path == file:  # an empty log comes and goes with whoever only reads
                seen.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(seen)


def _is_barred(error: sqlite3.OperationalError) -> bool:
    """Whether the file of shared memory, or the log, could not be made."""
    code = error_code(error)
    return (
        cannot_share_memory(error)
        or code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL)
        or code in BARRED
    )


BARRED = {
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_READONLY_CANTINIT,
}
