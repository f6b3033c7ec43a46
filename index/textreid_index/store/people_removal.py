"""Taking people out of the tables, and noting of whom that they are not missing.

Whoever is deleted for good is looked for in the table itself, for an index may be damaged.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable

from textreid_index.errors import GalleryDamagedError
from textreid_index.records import SourceState
from textreid_index.store import deletions_table as deletions
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store.filter_sql import Condition, id_condition, source_condition


def replace_ids(db: sqlite3.Connection, ids: Collection[str], file: str | None) -> int:
    """Take out the people with these ids, before others, of this file, take their place; returns how many."""
    condition, values = id_condition(ids)
    rows = db.execute(f"SELECT key FROM people WHERE {condition}", values).fetchall()
    return _remove(db, rows, uncounted=file)


def replace_readings(db: sqlite3.Connection, state: SourceState, sources_read: Collection[str]) -> int:
    """Take out those of earlier readings of a file whose place the new reading has passed.

    Args:
        db: the connection.
        state: how far the new reading has come.
        sources_read: members of a zip file that it has read again.

    Returns:
        How many they were.
    """
    condition, values = "file = ? AND reading < ?", [state.key, state.reading]
    if state.status == "partial":
        condition += ' AND ("offset" < ? OR source IN (SELECT value FROM json_each(?)))'
        members = sorted(set(sources_read) - {state.key})
        values += [state.resume_at or 0.0, json.dumps(members)]
    return _remove(db, db.execute(f"SELECT key FROM people WHERE {condition}", values).fetchall())


def erase_ids(db: sqlite3.Connection, ids: Collection[str]) -> int:
    """Delete the people with these ids; of files that stay known it is noted where they were."""
    condition, values = id_condition(ids)
    rows = db.execute(f"SELECT {people.COLUMNS} FROM people NOT INDEXED WHERE {condition}", values).fetchall()
    for row in rows:
        _note(db, row)
    return _remove(db, rows)


def erase_source(db: sqlite3.Connection, source: str) -> int:
    """Delete everybody from this source, below this folder or inside this zip file; returns how many."""
    return _remove(db, _scan(db, source_condition(source)))


def drop_file(db: sqlite3.Connection, file: str) -> int:
    """Take out everybody who was found in this file, for another has its name now; returns how many."""
    return _remove(db, db.execute("SELECT key FROM people WHERE file = ?", [file]).fetchall())


def take_back(db: sqlite3.Connection, source: str, since: float | None) -> int:
    """Take out the people of a source seen from this many seconds on; its state claims nothing then."""
    condition, values = source_condition(source)
    if since is not None:
        condition, values = f'{condition} AND "offset" >= ?', [*values, since]
    count = _remove(db, _scan(db, (condition, values)))
    found = sources.find(db, source)
    if found is not None:
        sources.write_row(db, found[0], None)
    return count


def _scan(db: sqlite3.Connection, condition: Condition) -> list[tuple]:
    """The keys of those who fulfil a condition, from the table and from no index."""
    text, values = condition
    return db.execute(f"SELECT key FROM people NOT INDEXED WHERE {text}", values).fetchall()


def _note(db: sqlite3.Connection, row: tuple) -> None:
    """Keep of somebody what a second reading must know; of a damaged row nothing can be known."""
    try:
        record, file = people.to_record(row), row[-3]
        known = sources.find(db, file) is not None
    except GalleryDamagedError:
        return
    if known:
        deletions.write(db, file, deletions.Deletion(record.source, record.offset, record.box))


def _remove(db: sqlite3.Connection, rows: Iterable[tuple], uncounted: str | None = None) -> int:
    """Delete people with vector and thumbnail, and count them with their files; returns how many.

    Args:
        db: the connection.
        rows: of each the key comes first.
        uncounted: a file for which they are not counted, since others take their place.
    """
    keys = json.dumps([row[0] for row in rows])
    chosen = "key IN (SELECT value FROM json_each(?))"
    counts = db.execute(
        "SELECT file, reading, count(*) FROM people NOT INDEXED"
        f" WHERE {chosen} AND file IS NOT ? GROUP BY file, reading",
        [keys, uncounted],
    ).fetchall()
    for file, reading, count in counts:
        sources.count_removed(db, file, reading, count)
    try:
        return db.execute(f"DELETE FROM people WHERE {chosen}", [keys]).rowcount
    except sqlite3.DatabaseError as error:  # an index lacks one of them
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        db.execute("REINDEX people")
        return db.execute(f"DELETE FROM people WHERE {chosen}", [keys]).rowcount
