"""Does a gallery still hold what was written?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store.schema import blob_checksum, fields_checksum, read_state


def problems(db: sqlite3.Connection) -> list[str]:
    """One sentence for everything that is not as it was written."""
    try:
        structure = [row for (row,) in db.execute("PRAGMA integrity_check") if row != "ok"]
        return [f"The file is damaged: {row}" for row in structure] + list(_rows(db))
    except sqlite3.DatabaseError as error:
        return [f"The file is damaged: {error}."]


def _rows(db: sqlite3.Connection) -> Iterator[str]:
    encoder = read_state(db).encoder
    fields = [None] * 3 if encoder is None else [encoder.name, encoder.fingerprint, encoder.dim]
    if db.execute("SELECT checksum FROM gallery").fetchone()[0] != fields_checksum(fields):
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
