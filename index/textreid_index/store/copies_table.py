"""Further paths of content that is indexed already: the table `copies`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from textreid_index.store.checksums import FORGET, checked_fields, fields_checksum

COLUMNS = "path, source, mtime_ns, checksum"


@dataclass(frozen=True)
class Copy:
    """A file with the content of one that is indexed.

    Attributes:
        path: its name, written as in `Record.source`.
        source: key of the state of that content.
        mtime_ns: its own modification time in nanoseconds.
    """

    path: str
    source: str
    mtime_ns: int


def write(db: sqlite3.Connection, copy: Copy) -> None:
    """Write or replace a copy."""
    fields = [copy.path, copy.source, int(copy.mtime_ns)]
    db.execute(f"REPLACE INTO copies ({COLUMNS}) VALUES (?,?,?,?)", [*fields, fields_checksum(fields)])


def read(db: sqlite3.Connection, path: str) -> Copy | None:
    """The copy at this path, if one is known there.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    row = db.execute(f"SELECT {COLUMNS} FROM copies WHERE path = ?", [path]).fetchone()
    return None if row is None else _copy(row)


def read_of(db: sqlite3.Connection, source: str) -> list[Copy]:
    """The copies of what is stored under this name, sorted by path.

    Raises:
        GalleryDamagedError: one changed since it was written.
    """
    return [
        _copy(row)
        for row in db.execute(f"SELECT {COLUMNS} FROM copies WHERE source = ? ORDER BY path", [source])
    ]


def read_all(db: sqlite3.Connection) -> list[Copy]:
    """All copies, sorted by path.

    Raises:
        GalleryDamagedError: one changed since it was written.
    """
    return [_copy(row) for row in db.execute(f"SELECT {COLUMNS} FROM copies ORDER BY path")]


def delete(db: sqlite3.Connection, path: str) -> None:
    """Forget that a copy is at this path."""
    db.execute("DELETE FROM copies WHERE path = ?", [path])


def _copy(row: tuple) -> Copy:
    return Copy(*checked_fields(row, f"The copy {row[0]!r}", FORGET))
