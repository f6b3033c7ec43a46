"""The tables of a gallery file.

`people.key` is never reused and a vector never changes under its key, so a reader that holds the vectors of
generation G needs only the rows with larger keys, unless something was removed after G.
Checksums are CRC-32 over what a row holds; they find flipped bits, they do not stop a forger.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from textreid_index.embeddings import EncoderInfo

APPLICATION_ID = 0x74524944  # "tRID"
VERSION = 1

TABLES = """
CREATE TABLE gallery (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    generation INTEGER NOT NULL,
    removed_at INTEGER NOT NULL,
    unscrubbed INTEGER NOT NULL,
    name TEXT, fingerprint TEXT, dim INTEGER, checksum INTEGER NOT NULL
);
CREATE TABLE people (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE, source TEXT NOT NULL,
    x1 REAL, y1 REAL, x2 REAL, y2 REAL,
    camera TEXT, time REAL, "offset" REAL, frame INTEGER, track INTEGER,
    checksum INTEGER NOT NULL
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
    people INTEGER NOT NULL, reason TEXT, resume_at REAL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class State:
    """The one row of the table `gallery`.

    Attributes:
        generation: counts the changes to the people.
        removed_at: generation of the last change that removed somebody.
        unscrubbed: whether bytes of deleted people may still be in the file.
        encoder: encoder of all vectors; None until the first are added.
    """

    generation: int
    removed_at: int
    unscrubbed: bool
    encoder: EncoderInfo | None


def create(db: sqlite3.Connection) -> None:
    """Make the tables, inside the caller's transaction."""
    for statement in TABLES.split(";\n"):
        db.execute(statement)
    db.execute("INSERT INTO gallery VALUES (1, 0, 0, 0, NULL, NULL, NULL, ?)", [fields_checksum([None] * 3)])
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {VERSION}")


def advance(db: sqlite3.Connection, *, removed: bool, encoder: EncoderInfo | None = None) -> None:
    """Count one more generation; note whether people went, and which encoder the vectors are of."""
    db.execute(
        "UPDATE gallery SET generation = generation + 1,"
        " removed_at = CASE WHEN ? THEN generation + 1 ELSE removed_at END",
        [removed],
    )
    if encoder is not None:
        fields = [encoder.name, encoder.fingerprint, encoder.dim]
        db.execute(
            "UPDATE gallery SET name = ?, fingerprint = ?, dim = ?, checksum = ?",
            [*fields, fields_checksum(fields)],
        )


def read_state(db: sqlite3.Connection) -> State:
    """The gallery's row as of the current transaction."""
    generation, removed_at, unscrubbed, name, fingerprint, dim = db.execute(
        "SELECT generation, removed_at, unscrubbed, name, fingerprint, dim FROM gallery"
    ).fetchone()
    encoder = None if name is None else EncoderInfo(name, fingerprint, dim)
    return State(generation, removed_at, bool(unscrubbed), encoder)


def fields_checksum(fields: Sequence[object]) -> int:
    """CRC-32 of column values."""
    return zlib.crc32(json.dumps(list(fields), default=repr).encode())


def blob_checksum(key: int, blob: object) -> int:
    """CRC-32 of a blob and the key it is stored under; -1 where damage made it something else."""
    return zlib.crc32(blob, key & 0xFFFFFFFF) if isinstance(blob, bytes) else -1
