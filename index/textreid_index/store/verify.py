"""Does a gallery still hold what was written?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from textreid_index.store import gallery_table
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store.checksums import blob_checksum, fields_checksum


def find_problems(db: sqlite3.Connection) -> list[str]:
    """One sentence for everything that is not as it was written."""
    try:
        structure = [row for (row,) in db.execute("PRAGMA integrity_check") if row != "ok"]
        return [f"The file is damaged: {row}" for row in structure] + list(_find_changed_rows(db))
    except sqlite3.DatabaseError as error:
        return [f"The file is damaged: {error}."]


def _find_changed_rows(db: sqlite3.Connection) -> Iterator[str]:
    if not gallery_table.is_encoder_intact(db):
        yield "The name of the gallery's encoder changed since it was written."
    for *fields, checksum in db.execute(f"SELECT {people.COLUMNS} FROM people ORDER BY key"):
        if fields_checksum(fields) != checksum:
            yield f"The record of '{fields[0]}' changed since it was written."
    for table, column, what in (("vectors", "vector", "vector"), ("thumbnails", "jpeg", "thumbnail")):
        for key, id, blob, checksum in db.execute(
            f"SELECT people.key, id, {column}, {table}.checksum FROM people LEFT JOIN {table} USING (key)"
            " ORDER BY people.key"
        ):
            if blob is None:
                yield f"The {what} of '{id}' is missing."
            elif blob_checksum(key, blob) != checksum:
                yield f"The {what} of '{id}' changed since it was written."
    for table, *_ in db.execute("PRAGMA foreign_key_check"):
        yield f"The table {table} holds a row that belongs to nobody."
    for *fields, checksum in db.execute(f"SELECT {sources.COLUMNS}, checksum FROM sources"):
        if fields_checksum(fields) != checksum:
            yield f"The state of the source '{fields[0]}' changed since it was written."
