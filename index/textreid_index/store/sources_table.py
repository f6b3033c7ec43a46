"""How far each photo, video and zip file is indexed: the table `sources`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from textreid_index.errors import GalleryDamagedError
from textreid_index.records import MEMBER_MARK, MEMORY_PREFIX, SourceState
from textreid_index.store import copies_table as copies
from textreid_index.store import deletions_table as deletions
from textreid_index.store.checksums import FORGET, checked_fields, fields_checksum
from textreid_index.store.filter_sql import source_key_condition

COLUMNS = (
    "key, size, mtime_ns, settings, status, people, reason, resume_at, content, reading, removed, checksum"
)


def write(db: sqlite3.Connection, state: SourceState) -> None:
    """Write or replace the state of a source; what was removed of its people counts on within a reading.

    Of other content than before nobody was deleted yet.
    """
    stored = find(db, state.key)
    removed = stored[1] if stored and stored[0].reading == state.reading else 0
    if stored is None:
        copies.delete(db, state.key)
    elif state.content != stored[0].content is not None:
        deletions.delete(db, state.key)
    write_row(db, state, removed)


def write_row(db: sqlite3.Connection, state: SourceState, removed: int | None) -> None:
    """Write or replace the state of a source and how many of its people were removed since it was read."""
    resume_at = None if state.resume_at is None else float(state.resume_at)
    fields = [
        *(state.key, int(state.size), int(state.mtime_ns), state.settings, state.status, int(state.people)),
        *(state.reason, resume_at, state.content, int(state.reading), removed),
    ]
    marks = ",".join("?" * (len(fields) + 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS.split(", "))
    db.execute(  # no REPLACE: that would delete the row, and the copies and deletions that hang on it
        f"INSERT INTO sources ({COLUMNS}) VALUES ({marks}) ON CONFLICT (key) DO UPDATE SET {changes}",
        [*fields, fields_checksum(fields)],
    )


def find(db: sqlite3.Connection, key: str) -> tuple[SourceState, int | None] | None:
    """The state of this source, and how many of its people were removed since, if that is known.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    row = db.execute(f"SELECT {COLUMNS} FROM sources WHERE key = ?", [key]).fetchone()
    return None if row is None else _state(row)


def read(db: sqlite3.Connection, key: str) -> SourceState | None:
    """The state of this source; None when it was never indexed.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    found = find(db, key)
    return found[0] if found else None


def read_all(db: sqlite3.Connection) -> list[SourceState]:
    """All states, sorted by key.

    Raises:
        GalleryDamagedError: one changed since it was written.
    """
    rows = db.execute(f"SELECT {COLUMNS} FROM sources ORDER BY key")
    return [_state(row)[0] for row in rows]


def read_of_content(db: sqlite3.Connection, content: str) -> list[SourceState]:
    """The states of files with this content, sorted by key.

    Raises:
        GalleryDamagedError: one changed since it was written.
    """
    rows = db.execute(f"SELECT {COLUMNS} FROM sources WHERE content = ? ORDER BY key", [content])
    return [_state(row)[0] for row in rows]


def keys(db: sqlite3.Connection) -> list[str]:
    """The keys of all sources that are files, sorted."""
    rows = db.execute("SELECT key FROM sources ORDER BY key")
    return [key for (key,) in rows if not key.startswith(MEMORY_PREFIX)]


def sizes(db: sqlite3.Connection) -> set[int]:
    """The sizes in bytes of all files that have a state."""
    return {size for (size,) in db.execute("SELECT DISTINCT size FROM sources")}


def delete(db: sqlite3.Connection, key: str) -> None:
    """Delete the state of one source; its copies and deletions go with it."""
    db.execute("DELETE FROM sources WHERE key = ?", [key])


def count(db: sqlite3.Connection) -> int:
    """How many sources have a state."""
    return db.execute("SELECT count(*) FROM sources").fetchone()[0]


def count_removed(db: sqlite3.Connection, key: str, reading: int | None, people: int) -> None:
    """Note that people of this reading of a file were taken away, if it is the latest."""
    try:
        found = find(db, key)
    except GalleryDamagedError:  # it says so when it is read, and keeps nobody from being deleted
        return
    if found is not None and found[1] is not None and found[0].reading == reading:
        write_row(db, found[0], found[1] + people)


def erase(db: sqlite3.Connection, source: str) -> None:
    """Forget this source, and all below this folder: state, further paths, and who was deleted from them."""
    own, values = source_key_condition("key", source)
    further, more = source_key_condition("path", source)
    db.execute(
        f"DELETE FROM sources NOT INDEXED WHERE {own} OR key IN (SELECT source FROM copies WHERE {further})",
        [*values, *more],
    )
    inside, values = source_key_condition("source", source)
    db.execute(f"DELETE FROM deletions NOT INDEXED WHERE {inside}", values)


def miscounts(db: sqlite3.Connection) -> Iterator[tuple[str, int, int]]:
    """Each file that has more or fewer people than were added and not removed, with both numbers."""
    rows = db.execute(
        "SELECT sources.key, sources.people - removed, count(people.key) FROM sources LEFT JOIN people"
        " ON file = sources.key AND people.reading = sources.reading"
        " WHERE removed IS NOT NULL GROUP BY sources.key"
    )
    return ((key, expected, found) for key, expected, found in rows if found != expected)


def file_of(db: sqlite3.Connection, source: str) -> str:
    """The file that a source lies in: itself, or the zip file that it is a member of.

    Only what is known as a source of its own, or is a zip file by its name, has members: "p.jpg!large.jpg" is
    a photo beside "p.jpg".
    """
    if MEMBER_MARK not in source or _is_known(db, source):
        return source
    places = [place for place, letter in enumerate(source) if letter == MEMBER_MARK]
    archives = [source[:place] for place in places]
    zips = [name for name in archives if name.lower().endswith(".zip")]
    return next((name for name in zips if _is_known(db, name)), zips[0] if zips else source)


def _is_known(db: sqlite3.Connection, key: str) -> bool:
    return db.execute("SELECT 1 FROM sources WHERE key = ?", [key]).fetchone() is not None


def _state(row: tuple) -> tuple[SourceState, int | None]:
    *fields, removed = checked_fields(row, f"The state of the source {row[0]!r}", FORGET)
    return SourceState(*fields), removed
