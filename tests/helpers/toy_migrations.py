"""Made-up steps from the present format of a gallery to one that a later version might have."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def add_mood(db: sqlite3.Connection, _: Path) -> None:
    db.execute("ALTER TABLE people ADD COLUMN mood TEXT")
    db.execute("UPDATE people SET mood = 'calm'")


def add_index(db: sqlite3.Connection, _: Path) -> None:
    db.execute("CREATE INDEX people_mood ON people (mood)")
