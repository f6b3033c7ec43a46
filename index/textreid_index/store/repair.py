"""Taking out of a gallery what is damaged, so that all the rest can be used again."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import replace

from textreid_index.store import copies_table as copies
from textreid_index.store import deletions_table as deletions
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store import tracks_table as tracks
from textreid_index.store.checksums import blob_checksum, fields_checksum

READ_AGAIN = "damaged"
"""Settings that no reading has: the file is read again the next time that it is indexed."""


def take_out_damaged(db: sqlite3.Connection) -> int:
    """Delete whoever is not as written, and rows that belong to nobody; the indexes have to be whole.

    Files of which somebody is missing then are read again the next time that they are indexed.

    Returns:
        How many people were deleted.
    """
    for table, columns, name in (
        ("sources", sources.COLUMNS, "key"),
        ("copies", copies.COLUMNS, "path"),
        ("deletions", deletions.COLUMNS, "key"),
    ):
        names = list(_changed_rows(db, table, columns, f"CAST({name} AS BLOB)"))
        _delete(db, table, f"CAST({name} AS BLOB)", names)
    damaged = {
        *_changed_rows(db, "people", people.COLUMNS, "key"),
        *_changed_rows(db, "tracks", tracks.COLUMNS, "key"),
        *_changed_rows(db, "views", tracks.VIEW_COLUMNS, "person"),
        *_changed_blobs(db),
    }
    _read_again(db, damaged)
    count = _delete(db, "people", "key", damaged)
    for table, key in (("vectors", "key"), ("thumbnails", "key"), ("tracks", "key"), ("views", "person")):
        db.execute(f"DELETE FROM {table} WHERE {key} NOT IN (SELECT key FROM people)")
    db.execute("DELETE FROM copies WHERE source NOT IN (SELECT key FROM sources)")
    db.execute("DELETE FROM deletions WHERE file NOT IN (SELECT key FROM sources)")
    return count


def _changed_rows(db: sqlite3.Connection, table: str, columns: str, name: str) -> Iterator[bytes | int]:
    """The names of rows that are not what their checksums are of; as bytes, for they may be no text now."""
    for *fields, checksum, named in db.execute(f"SELECT {columns}, {name} FROM {table} NOT INDEXED"):
        if fields_checksum(fields) != checksum:
            yield named


def _changed_blobs(db: sqlite3.Connection) -> Iterator[int]:
    """The keys of people whose vector or thumbnail is missing, or is not what its checksum is of."""
    for table, column in (("vectors", "vector"), ("thumbnails", "jpeg")):
        for key, blob, checksum in db.execute(
            f"SELECT people.key, {column}, {table}.checksum FROM people LEFT JOIN {table} USING (key)"
        ):
            if blob_checksum(key, blob) != checksum:
                yield key


def _read_again(db: sqlite3.Connection, damaged: set[bytes | int]) -> None:
    """Note of the files of these people, and of those that lack people, that they are to be read again."""
    files = {file for (file, key) in db.execute("SELECT file, key FROM people") if key in damaged}
    for file in files | {file for file, _, _ in sources.miscounts(db)}:
        state = sources.read(db, file)
        if state is not None:
            sources.write_row(db, replace(state, settings=READ_AGAIN), None)


def _delete(db: sqlite3.Connection, table: str, column: str, values: Collection[bytes | int]) -> int:
    return db.executemany(f"DELETE FROM {table} WHERE {column} = ?", [[value] for value in values]).rowcount
