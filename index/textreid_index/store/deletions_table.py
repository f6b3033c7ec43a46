"""Who was deleted by hand from files that stay known, so that nobody comes back: the table `deletions`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from textreid_index.store.checksums import FORGET, checked_fields, fields_checksum

COLUMNS = 'key, file, source, "offset", x1, y1, x2, y2, checksum'


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


def write(db: sqlite3.Connection, file: str, deletion: Deletion) -> None:
    """Note that this person of a file was deleted."""
    (last,) = db.execute("SELECT max(key) FROM deletions").fetchone()
    fields = [(last or 0) + 1, file, deletion.source, deletion.offset, *(deletion.box or [None] * 4)]
    marks = ",".join("?" * (len(fields) + 1))
    db.execute(f"INSERT INTO deletions ({COLUMNS}) VALUES ({marks})", [*fields, fields_checksum(fields)])


def delete(db: sqlite3.Connection, file: str) -> None:
    """Forget who was deleted from this file: it has other content now."""
    db.execute("DELETE FROM deletions WHERE file = ?", [file])


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
