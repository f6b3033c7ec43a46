"""From format 1 to format 2: files and readings, copies and deletions, and checksums over whole rows.

A row that was damaged before gets a checksum that does not fit: nothing is made whole by writing it anew.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from unicodedata import normalize

from textreid_index.store import gallery_table, sources_table
from textreid_index.store.checksums import fields_checksum

UPLOAD = re.compile(r"(.*/)(uploads/[^/]+-[0-9a-f]{16}\.[^/!]+)(!.*)?", re.DOTALL)
"""The absolute path by which format 1 knows an upload, wherever the gallery lay at that time."""

NEW = """
ALTER TABLE gallery ADD COLUMN identity TEXT NOT NULL DEFAULT '';
ALTER TABLE gallery ADD COLUMN commits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN content TEXT;
ALTER TABLE sources ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN removed INTEGER;
ALTER TABLE people ADD COLUMN file TEXT NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN reading INTEGER;
CREATE TABLE copies (
    path TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES sources ON DELETE CASCADE,
    mtime_ns INTEGER NOT NULL, checksum INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE deletions (
    key INTEGER PRIMARY KEY, file TEXT NOT NULL REFERENCES sources ON DELETE CASCADE,
    source TEXT NOT NULL, "offset" REAL, x1 REAL, y1 REAL, x2 REAL, y2 REAL, checksum INTEGER NOT NULL
);
CREATE INDEX people_file ON people (file, reading);
CREATE INDEX sources_content ON sources (content);
CREATE INDEX copies_source ON copies (source);
CREATE INDEX deletions_file ON deletions (file)
"""
GALLERY = "name, fingerprint, dim, checksum"
SOURCES = "key, size, mtime_ns, settings, status, people, reason, resume_at, checksum"
PEOPLE = 'id, source, x1, y1, x2, y2, camera, time, "offset", frame, track, checksum'


def migrate(db: sqlite3.Connection, folder: Path) -> None:
    """Take the step, inside the caller's transaction, of the gallery in this folder."""
    _add_columns_and_tables(db)
    _write_gallery(db)
    _write_sources(db, folder)
    _write_people(db, folder)


def _add_columns_and_tables(db: sqlite3.Connection) -> None:
    for statement in NEW.split(";\n"):
        db.execute(statement)


def _write_gallery(db: sqlite3.Connection) -> None:
    *fields, checksum = db.execute(f"SELECT {GALLERY} FROM gallery").fetchone()
    intact = fields_checksum(fields) == checksum
    db.execute("UPDATE gallery SET identity = ?", [gallery_table.draw_identity()])
    (row,) = db.execute(f"SELECT {gallery_table.COLUMNS} FROM gallery")
    db.execute("UPDATE gallery SET checksum = ?", [_checksum(row[:-1], intact)])


def _write_sources(db: sqlite3.Connection, folder: Path) -> None:
    """Nothing is claimed of how many people a file should have: removals were not counted so far."""
    rows = list(_rows(db, "sources", SOURCES))
    db.execute("DELETE FROM sources")
    marks = ",".join("?" * len(sources_table.COLUMNS.split(",")))
    for (key, *fields), intact in rows:
        new = [_rename(key, folder), *fields, None, 0, None]
        db.execute(
            f"REPLACE INTO sources ({sources_table.COLUMNS}) VALUES ({marks})", [*new, _checksum(new, intact)]
        )


def _write_people(db: sqlite3.Connection, folder: Path) -> None:
    for (key, id, source, *fields), intact in _rows(db, "people", f"key, {PEOPLE}", keyed=True):
        source = _rename(source, folder)
        file = sources_table.file_of(db, source)
        known = db.execute("SELECT 1 FROM sources WHERE key = ?", [file]).fetchone()
        reading = 0 if known else None
        new = [key, id, source, *fields, file, reading]
        db.execute(
            "UPDATE people SET source = ?, file = ?, reading = ?, checksum = ? WHERE key = ?",
            [source, file, reading, _checksum(new, intact), key],
        )


def _rows(
    db: sqlite3.Connection, table: str, columns: str, *, keyed: bool = False
) -> Iterator[tuple[list, bool]]:
    """The fields of each row, and whether they are what was written; `keyed`: but for the first."""
    for *fields, checksum in db.execute(f"SELECT {columns} FROM {table}").fetchall():
        yield fields, fields_checksum(fields[1:] if keyed else fields) == checksum


def _checksum(fields: Sequence[object], intact: bool) -> int:
    return fields_checksum(fields) ^ (not intact)


def _rename(source: str, folder: Path) -> str:
    """A path as it is named from now on: one of the gallery's own uploads relative to its folder."""
    upload = UPLOAD.fullmatch(source)
    if upload and ((folder / upload[2]).exists() or f"{folder}/" == upload[1]):
        source = upload[2] + (upload[3] or "")
    return normalize("NFC", source)
