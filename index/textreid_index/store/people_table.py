"""People as rows of the tables `people`, `vectors` and `thumbnails`, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from textreid_index.errors import GalleryDamagedError, UnknownPersonError
from textreid_index.records import Record
from textreid_index.store.schema import blob_checksum, fields_checksum

COLUMNS = 'id, source, x1, y1, x2, y2, camera, time, "offset", frame, track, checksum'
ROWS_AT_ONCE = 8192
CHANGED = (
    "changed since it was written. `Gallery.verify()` names everybody it concerns: restore the gallery from a"
    " copy, or delete those people."
)


def insert(
    db: sqlite3.Connection, records: Sequence[Record], vectors: np.ndarray, thumbnails: Sequence[bytes]
) -> None:
    """Write people whose ids are not in the table."""
    for record, vector, jpeg in zip(records, vectors, thumbnails, strict=True):
        fields = _fields(record)
        key = db.execute(
            f"INSERT INTO people ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            [*fields, fields_checksum(fields)],
        ).lastrowid
        assert key is not None
        blob = vector.astype("<f4").tobytes()
        db.execute("INSERT INTO vectors VALUES (?,?,?)", [key, blob, blob_checksum(key, blob)])
        db.execute("INSERT INTO thumbnails VALUES (?,?,?)", [key, jpeg, blob_checksum(key, jpeg)])


def remove(db: sqlite3.Connection, condition: str, values: Sequence[object]) -> int:
    """Delete people with vector and thumbnail; returns how many."""
    return db.execute(f"DELETE FROM people WHERE {condition}", values).rowcount


def any_of(ids: Collection[str]) -> tuple[str, list[object]]:
    """The condition that a person has one of these ids."""
    return "id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))]


def key_of(db: sqlite3.Connection, id: str) -> int:
    """The key of the person with this id.

    Raises:
        UnknownPersonError: nobody has it.
    """
    row = db.execute("SELECT key FROM people WHERE id = ?", [id]).fetchone()
    if row is None:
        raise UnknownPersonError(f"Nobody in the gallery has the id '{id}'.")
    return row[0]


def records_of(db: sqlite3.Connection, keys: Iterable[int]) -> dict[int, Record]:
    """The records stored under these keys."""
    rows = db.execute(
        f"SELECT key, {COLUMNS} FROM people WHERE key IN (SELECT value FROM json_each(?))",
        [json.dumps(list(keys))],
    )
    return {key: to_record(row) for key, *row in rows}


def page(
    db: sqlite3.Connection, condition: str, values: Sequence[object], *, after: int
) -> dict[int, Record]:
    """The next records that meet the condition with keys above `after`, in rising order of key."""
    rows = db.execute(
        f"SELECT key, {COLUMNS} FROM people WHERE key > ? AND {condition or 'TRUE'} ORDER BY key LIMIT ?",
        [after, *values, ROWS_AT_ONCE],
    )
    return {key: to_record(row) for key, *row in rows}


def thumbnail_of(db: sqlite3.Connection, key: int) -> bytes:
    """The JPEG file stored under this key.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    return _checked(key, db.execute("SELECT jpeg, checksum FROM thumbnails WHERE key = ?", [key]).fetchone())


def vector_of(db: sqlite3.Connection, key: int) -> np.ndarray:
    """The vector [D] float32 stored under this key.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    row = db.execute("SELECT vector, checksum FROM vectors WHERE key = ?", [key]).fetchone()
    return np.frombuffer(_checked(key, row), dtype="<f4")


def neighbours(db: sqlite3.Connection, id: str, n: int) -> list[Record]:
    """Up to n other people nearest in time, in the order of time.

    Raises:
        UnknownPersonError: nobody has this id.
    """
    key = key_of(db, id)
    person = records_of(db, [key])[key]
    moment: float
    if person.time is not None:
        column, value, order, moment = "camera", person.camera, "time", person.time
    elif person.offset is not None:
        column, value, order, moment = "source", person.source, '"offset"', person.offset
    else:
        column, value, order, moment = "camera", person.camera, "key", key
    rows = db.execute(
        f"SELECT * FROM (SELECT {order} AS moment, key, {COLUMNS} FROM people"
        f" WHERE {column} IS ? AND {order} IS NOT NULL AND key != ?"
        f" ORDER BY abs({order} - ?), key LIMIT ?) ORDER BY moment, key",
        [value, key, moment, n],
    )
    return [to_record(row) for _, _, *row in rows]


def vectors_after(db: sqlite3.Connection, key: int, dim: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Keys [M] int64 and vectors [M, dim] of everybody with a larger key, in rising order, block by block.

    Raises:
        GalleryDamagedError: a vector does not have the length or checksum that was stored.
    """
    cursor = db.execute("SELECT key, vector, checksum FROM vectors WHERE key > ? ORDER BY key", [key])
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        keys, blobs, checksums = zip(*rows, strict=True)
        if any(len(blob) != 4 * dim for blob in blobs) or tuple(map(blob_checksum, keys, blobs)) != checksums:
            raise GalleryDamagedError(f"A stored vector {CHANGED}")
        yield np.array(keys, dtype=np.int64), np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, dim)


def to_record(row: Sequence) -> Record:
    """The record of a row of the columns `COLUMNS`.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    *fields, checksum = row
    if fields_checksum(fields) != checksum:
        raise GalleryDamagedError(f"The record of {fields[0]!r} {CHANGED}")
    id, source, *box, camera, time, offset, frame, track = fields
    return Record(id, source, None if box[0] is None else tuple(box), camera, time, offset, frame, track)


def _checked(key: int, row: tuple[bytes, int] | None) -> bytes:
    """The blob of a row of blob and checksum."""
    if row is None or blob_checksum(key, row[0]) != row[1]:
        raise GalleryDamagedError(f"A stored vector or thumbnail {CHANGED}")
    return row[0]


def _fields(record: Record) -> list[object]:
    """The columns `COLUMNS` of a record but for the checksum, as the plain numbers that SQLite gives back."""
    box = [None] * 4 if record.box is None else [float(value) for value in record.box]
    seconds = [None if value is None else float(value) for value in (record.time, record.offset)]
    counts = [None if value is None else int(value) for value in (record.frame, record.track)]
    return [record.id, record.source, *box, record.camera, *seconds, *counts]
