"""From format 2 to format 3: tables for the ways of people through videos, empty for those known already."""

from __future__ import annotations

import sqlite3
from pathlib import Path

NEW = """
CREATE TABLE tracks (
    key INTEGER PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    start REAL NOT NULL, stop REAL NOT NULL, path BLOB NOT NULL, checksum INTEGER NOT NULL
);
CREATE TABLE views (
    person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE, place INTEGER NOT NULL,
    "offset" REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL, x2 REAL NOT NULL, y2 REAL NOT NULL,
    jpeg BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (person, place)
) WITHOUT ROWID
"""


def migrate(db: sqlite3.Connection, _: Path) -> None:
    """Take the step, inside the caller's transaction."""
    for statement in NEW.split(";\n"):
        db.execute(statement)
