"""Who was deleted by hand from files that stay known, so that nobody comes back: the table `deletions`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from textreid_index.records import Record
from textreid_index.store.checksums import FORGET, checked_fields, fields_checksum

FIELDS = 'key, file, source, "offset", x1, y1, x2, y2'
COLUMNS = f"{FIELDS}, checksum"


@dataclass(frozen=True)
class Deletion:
    """What is kept of somebody who was deleted.

    Attributes:
        source: the photo, zip member or video.
        offset: seconds from the start of the video.
        box: x1, y1, x2, y2 in pixels of the upright full image; None: the whole image was the person.
    """

    source: str
    offset: float | None
    box: tuple[float, float, float, float] | None


def write(db: sqlite3.Connection, file: str, record: Record) -> None:
    """Note that this person of a file was deleted."""
    (last,) = db.execute("SELECT max(key) FROM deletions").fetchone()
    write_row(db, [(last or 0) + 1, file, record.source, record.offset, *(record.box or [None] * 4)])


def write_row(db: sqlite3.Connection, fields: list[object]) -> None:
    """Write the columns `FIELDS`."""
    db.execute(
        f"REPLACE INTO deletions ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", [*fields, fields_checksum(fields)]
    )


def read(db: sqlite3.Connection, file: str) -> list[Deletion]:
    """Who was deleted from this photo, video or zip file.

    Raises:
        GalleryDamagedError: a row changed since it was written.
    """
    rows = db.execute(f"SELECT {COLUMNS} FROM deletions WHERE file = ? ORDER BY key", [file])
    return [_deletion(row) for row in rows]


def _deletion(row: tuple) -> Deletion:
    _, _, source, offset, *box = checked_fields(
        row, f"What is kept of somebody deleted from {row[1]!r}", FORGET
    )
    return Deletion(source, offset, None if box[0] is None else tuple(box))
