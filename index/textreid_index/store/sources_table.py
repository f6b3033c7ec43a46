"""How far each photo and video is indexed: the table `sources`."""

from __future__ import annotations

import sqlite3

from textreid_index.records import SourceState
from textreid_index.store.checksums import fields_checksum
from textreid_index.store.filter_sql import source_condition

COLUMNS = "key, size, mtime_ns, settings, status, people, reason, resume_at"


def write(db: sqlite3.Connection, state: SourceState) -> None:
    """Write or replace the state of a source."""
    resume_at = None if state.resume_at is None else float(state.resume_at)
    numbers = [int(state.size), int(state.mtime_ns)]
    fields = [state.key, *numbers, state.settings, state.status, int(state.people), state.reason, resume_at]
    db.execute(
        f"REPLACE INTO sources ({COLUMNS}, checksum) VALUES (?,?,?,?,?,?,?,?,?)",
        [*fields, fields_checksum(fields)],
    )


def read(db: sqlite3.Connection, key: str) -> SourceState | None:
    """The state of this source; None when it was never indexed."""
    row = db.execute(f"SELECT {COLUMNS} FROM sources WHERE key = ?", [key]).fetchone()
    return None if row is None else SourceState(*row)


def read_all(db: sqlite3.Connection) -> list[SourceState]:
    """All states, sorted by key."""
    return [SourceState(*row) for row in db.execute(f"SELECT {COLUMNS} FROM sources ORDER BY key")]


def count(db: sqlite3.Connection) -> int:
    """How many sources have a state."""
    return db.execute("SELECT count(*) FROM sources").fetchone()[0]


def delete_source(db: sqlite3.Connection, source: str) -> None:
    """Delete the state of this source, and of all below this folder or inside this zip file."""
    condition, values = source_condition("key", source)
    db.execute(f"DELETE FROM sources WHERE {condition}", values)
