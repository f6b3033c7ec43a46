"""Files that lie at another path now: every row that names them follows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from textreid_index.records import SourceState
from textreid_index.store import copies_table as copies
from textreid_index.store import deletions_table as deletions
from textreid_index.store import people_removal as removal
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store.filter_sql import source_key_condition


@dataclass(frozen=True)
class _Rows:
    """All rows about one file, as they are before it is renamed."""

    state: tuple[SourceState, int | None] | None
    people: list[tuple]
    copies: list[copies.Copy]
    deletions: list[deletions.Deletion]


def rename_files(db: sqlite3.Connection, names: Mapping[str, str]) -> int:
    """Rename photos, videos and zip files, all at the same time; returns how many people came along.

    Whatever was known under a new name, and does not move away itself, is forgotten.

    Args:
        db: the connection, in a transaction that writes.
        names: new names by old ones.

    Raises:
        GalleryDamagedError: a row that has to be written anew is damaged.
    """
    for new in set(names.values()) - set(names):
        drop_file(db, new)
    rows = {old: _read(db, old) for old in names}
    for old in names:
        sources.delete(db, old)
    for old, new in names.items():
        _write(db, rows[old], old, new)
    return sum(len(each.people) for each in rows.values())


def drop_file(db: sqlite3.Connection, name: str) -> None:
    """Take out what is known of a file whose name is that of another one now."""
    removal.drop_file(db, name)
    sources.delete(db, name)


def expand(db: sqlite3.Connection, old: str, new: str) -> dict[str, str]:
    """New names by old ones, of the file `old` or of all files below that folder, once it is called `new`."""
    states, values = source_key_condition("key", old)
    found, more = source_key_condition("file", old)
    rows = db.execute(
        f"SELECT key FROM sources WHERE {states} UNION SELECT file FROM people WHERE {found}",
        [*values, *more],
    )
    return {name: new + name.removeprefix(old) for (name,) in rows}


def rename_copies(db: sqlite3.Connection, old: str, new: str) -> int:
    """Rename the copy `old`, or all below that folder; returns how many there are."""
    below = [copy for copy in copies.read_all(db) if f"{copy.path}/".startswith(f"{old}/")]
    for copy in below:
        copies.delete(db, copy.path)
        copies.write(db, replace(copy, path=new + copy.path.removeprefix(old)))
    return len(below)


def _read(db: sqlite3.Connection, file: str) -> _Rows:
    return _Rows(
        sources.find(db, file),
        people.read_rows(db, file),
        copies.read_of(db, file),
        deletions.read(db, file),
    )


def _write(db: sqlite3.Connection, rows: _Rows, old: str, new: str) -> None:
    copies.delete(db, new)
    for row in rows.people:
        people.rename(db, row, old, new)
    if rows.state is None:
        return
    state, removed = rows.state
    sources.write_row(db, replace(state, key=new), removed)
    for copy in rows.copies:
        if copy.path != new:
            copies.write(db, replace(copy, source=new))
    for deletion in rows.deletions:
        deletions.write(db, new, replace(deletion, source=new + deletion.source.removeprefix(old)))
