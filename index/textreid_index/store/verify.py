"""Does a gallery still hold what was written?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from textreid_index.store import copies_table as copies
from textreid_index.store import deletions_table as deletions
from textreid_index.store import gallery_table
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store import tracks_table as tracks
from textreid_index.store.checksums import blob_checksum, fields_checksum
from textreid_index.store.indexes import check_integrity


def find_problems(db: sqlite3.Connection) -> list[str]:
    """One sentence for everything that is not as it was written; where one look breaks off, others go on."""
    problems: list[str] = []
    looks = (_find_broken_pages, _find_changed_rows, _find_changed_blobs, _find_orphans, _find_miscounts)
    for look in looks:
        try:
            for problem in look(db):
                problems.append(problem)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            problems.append(f"The file is damaged: {error}.")
    return problems


def _find_broken_pages(db: sqlite3.Connection) -> Iterator[str]:
    for line in check_integrity(db):
        yield f"The file is damaged: {line}."


def _find_changed_rows(db: sqlite3.Connection) -> Iterator[str]:
    if db.execute("SELECT count(*) FROM gallery").fetchone() != (1,):
        yield "The gallery's own row is missing."
    tables = (
        ("gallery", gallery_table.COLUMNS, 0, "The gallery's own row"),
        ("people", people.COLUMNS, 1, "The record of {!r}"),
        ("sources", sources.COLUMNS, 0, "The state of the source {!r}"),
        ("copies", copies.COLUMNS, 0, "The further path {!r}"),
        ("tracks", tracks.COLUMNS, 0, "The track of person {!r}"),
        ("views", tracks.VIEW_COLUMNS, 0, "A view of person {!r}"),
        ("deletions", deletions.COLUMNS, 2, "What is kept of somebody deleted from {!r}"),
    )
    for table, columns, name, what in tables:
        for *fields, checksum in db.execute(f"SELECT {columns} FROM {table} NOT INDEXED"):
            if fields_checksum(fields) != checksum:
                yield f"{what.format(fields[name])} changed since it was written."


def _find_changed_blobs(db: sqlite3.Connection) -> Iterator[str]:
    for table, column, what in (("vectors", "vector", "vector"), ("thumbnails", "jpeg", "thumbnail")):
        for key, id, blob, checksum in db.execute(
            f"SELECT people.key, id, {column}, {table}.checksum FROM people LEFT JOIN {table} USING (key)"
            " ORDER BY people.key"
        ):
            if blob is None:
                yield f"The {what} of '{id}' is missing."
            elif blob_checksum(key, blob) != checksum:
                yield f"The {what} of '{id}' changed since it was written."


def _find_orphans(db: sqlite3.Connection) -> Iterator[str]:
    for table, *_ in db.execute("PRAGMA foreign_key_check"):
        yield f"The table {table} holds a row that belongs to nobody."


def _find_miscounts(db: sqlite3.Connection) -> Iterator[str]:
    for key, expected, found in sources.miscounts(db):
        yield f"Of the source '{key}' there should be {expected} people, and there are {found}."
