"""The tables of a gallery file, and whether a file has them.

`people.key` is never reused and a vector never changes under its key, so a reader that holds the vectors of
generation G needs only the rows with larger keys, unless something was removed after G.

`people.file` is the photo, video or zip file that somebody was found in: `source`, or the zip file that
`source` is a member of. `people.reading` numbers the readings of that file, and `sources.reading` says which
is the latest; who was added without a state of the file belongs to none. `sources.removed` counts who of the
latest reading was taken away since, and is NULL for a file that was read in format 1. `copies` are further
paths of the same content, `deletions` is what has to be known of those who must not come back. `tracks` and
`views` tell of people in videos where they went and how they looked.

Whoever changes `TABLES` raises `FORMAT` and adds the step from the format before: see `migrations`.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from textreid_index.errors import ForeignGalleryError, GalleryDamagedError
from textreid_index.store import gallery_table

APPLICATION_ID = 0x74524944  # "tRID"
FORMAT = 3

TABLES = """
CREATE TABLE gallery (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    generation INTEGER NOT NULL,
    removed_at INTEGER NOT NULL,
    unscrubbed INTEGER NOT NULL,
    name TEXT, fingerprint TEXT, dim INTEGER, checksum INTEGER NOT NULL,
    identity TEXT NOT NULL DEFAULT '', commits INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE people (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, source TEXT NOT NULL,
    x1 REAL, y1 REAL, x2 REAL, y2 REAL,
    camera TEXT, time REAL, "offset" REAL, frame INTEGER, track INTEGER,
    checksum INTEGER NOT NULL,
    file TEXT NOT NULL DEFAULT '', reading INTEGER
);
CREATE INDEX people_source ON people (source, "offset");
CREATE INDEX people_camera ON people (camera, time);
CREATE TABLE vectors (
    key INTEGER PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    vector BLOB NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE thumbnails (
    key INTEGER PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    jpeg BLOB NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE sources (
    key TEXT PRIMARY KEY,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, settings TEXT NOT NULL, status TEXT NOT NULL,
    people INTEGER NOT NULL, reason TEXT, resume_at REAL, checksum INTEGER NOT NULL,
    content TEXT, reading INTEGER NOT NULL DEFAULT 0, removed INTEGER
) WITHOUT ROWID;
CREATE TABLE copies (
    path TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES sources ON DELETE CASCADE,
    mtime_ns INTEGER NOT NULL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE deletions (
    key INTEGER PRIMARY KEY, file TEXT NOT NULL REFERENCES sources ON DELETE CASCADE,
    source TEXT NOT NULL, "offset" REAL, x1 REAL, y1 REAL, x2 REAL, y2 REAL, checksum INTEGER NOT NULL
);
CREATE TABLE tracks (
    key INTEGER PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    start REAL NOT NULL, stop REAL NOT NULL, path BLOB NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE views (
    person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE, place INTEGER NOT NULL,
    "offset" REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL, x2 REAL NOT NULL, y2 REAL NOT NULL,
    jpeg BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (person, place)
) WITHOUT ROWID;
CREATE INDEX people_file ON people (file, reading);
CREATE INDEX sources_content ON sources (content);
CREATE INDEX copies_source ON copies (source);
CREATE INDEX deletions_file ON deletions (file);
"""


def create(db: sqlite3.Connection) -> None:
    """Make the tables, inside the caller's transaction."""
    for statement in TABLES.split(";\n"):
        db.execute(statement)
    gallery_table.write_state(db, gallery_table.State(identity=gallery_table.draw_identity()))
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {FORMAT}")


def is_blank(db: sqlite3.Connection) -> bool:
    """Whether the file has no tables yet: new, or left by a program killed while creating it."""
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables and _application(db) == 0


def read_format(db: sqlite3.Connection, file: Path) -> int:
    """The format of a gallery file, from 1 to `FORMAT`.

    Raises:
        ForeignGalleryError: the file is the database of another program, or of a newer textreid.
        GalleryDamagedError: its format is a number that no textreid writes.
    """
    if _application(db) != APPLICATION_ID:
        raise ForeignGalleryError(
            f"{file} is a database of another program. Name another folder for the gallery."
        )
    (number,) = db.execute("PRAGMA user_version").fetchone()
    if number > FORMAT:
        raise ForeignGalleryError(
            f"The gallery {file.parent} was made by a newer textreid (format {number}; this one knows"
            f" {FORMAT}). Upgrade: pip install -U textreid"
        )
    if number < 1:
        raise GalleryDamagedError(
            f"The gallery {file.parent} says that its format is {number}; the first is 1, so the file was"
            " changed or damaged. Restore it from a copy, or index the photos again."
        )
    return number


def _application(db: sqlite3.Connection) -> int:
    """Number of the program whose database it is; 0 where none is named."""
    return db.execute("PRAGMA application_id").fetchone()[0]
