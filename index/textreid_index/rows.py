"""Records, vectors and states of sources as rows of the tables, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from textreid_index.embeddings import EncoderInfo
from textreid_index.errors import GalleryDamagedError
from textreid_index.records import Record, SourceState
from textreid_index.schema import blob_checksum, fields_checksum

PERSON = 'id, source, x1, y1, x2, y2, camera, time, "offset", frame, track'
ROWS_AT_ONCE = 8192
SOURCE = "key, size, mtime_ns, settings, status, people, reason, resume_at"


def to_record(row: Sequence) -> Record:
    """The record of a row of the columns `PERSON`."""
    box = None if row[2] is None else (row[2], row[3], row[4], row[5])
    return Record(row[0], row[1], box, *row[6:11])


def insert_people(
    db: sqlite3.Connection, records: Sequence[Record], vectors: np.ndarray, thumbnails: Sequence[bytes]
) -> None:
    """Write people whose ids are not in the table."""
    for record, vector, jpeg in zip(records, vectors, thumbnails, strict=True):
        fields = _fields(record)
        key = db.execute(
            f"INSERT INTO people ({PERSON}, checksum) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            [*fields, fields_checksum(fields)],
        ).lastrowid
        assert key is not None
        blob = vector.astype("<f4").tobytes()
        db.execute("INSERT INTO vectors VALUES (?,?,?)", [key, blob, blob_checksum(key, blob)])
        db.execute("INSERT INTO thumbnails VALUES (?,?,?)", [key, jpeg, blob_checksum(key, jpeg)])


def remove_people(db: sqlite3.Connection, condition: str, values: Sequence[object]) -> int:
    """Delete people with vector and thumbnail; returns how many."""
    return db.execute(f"DELETE FROM people WHERE {condition}", values).rowcount


def advance(db: sqlite3.Connection, *, removed: bool, encoder: EncoderInfo | None = None) -> None:
    """Count one more generation, and note whether people went and which encoder the vectors are of."""
    db.execute(
        "UPDATE gallery SET generation = generation + 1,"
        " removed_at = CASE WHEN ? THEN generation + 1 ELSE removed_at END",
        [removed],
    )
    if encoder is not None:
        fields = [encoder.name, encoder.fingerprint, encoder.dim]
        db.execute(
            "UPDATE gallery SET name = ?, fingerprint = ?, dim = ?, checksum = ?",
            [*fields, fields_checksum(fields)],
        )


def read_records(db: sqlite3.Connection, keys: Iterable[int]) -> dict[int, Record]:
    """The records stored under these keys."""
    rows = db.execute(
        f"SELECT key, {PERSON} FROM people WHERE key IN (SELECT value FROM json_each(?))",
        [json.dumps(list(keys))],
    )
    return {row[0]: to_record(row[1:]) for row in rows}


def read_vectors(db: sqlite3.Connection, after: int, dim: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Keys [M] int64 and vectors [M, dim] of everybody with a key above `after`, in rising order.

    Raises:
        GalleryDamagedError: a vector does not have the length or checksum that was stored.
    """
    cursor = db.execute("SELECT key, vector, checksum FROM vectors WHERE key > ? ORDER BY key", [after])
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        keys, blobs, checksums = zip(*rows, strict=True)
        if any(len(blob) != 4 * dim for blob in blobs) or tuple(map(blob_checksum, keys, blobs)) != checksums:
            raise GalleryDamagedError(
                "A stored vector changed since it was written: `Gallery.verify()` names its person. Restore"
                " the gallery from a copy, or forget their sources and index them again."
            )
        yield np.array(keys, dtype=np.int64), np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, dim)


def put_source(db: sqlite3.Connection, state: SourceState) -> None:
    """Write or replace the state of a source."""
    fields = source_fields(state)
    db.execute(
        f"REPLACE INTO sources ({SOURCE}, checksum) VALUES (?,?,?,?,?,?,?,?,?)",
        [*fields, fields_checksum(fields)],
    )


def source_fields(state: SourceState) -> list[object]:
    """The columns `SOURCE` of a state."""
    resume_at = None if state.resume_at is None else float(state.resume_at)
    numbers = [int(state.size), int(state.mtime_ns)]
    return [state.key, *numbers, state.settings, state.status, int(state.people), state.reason, resume_at]


def _fields(record: Record) -> list[object]:
    """The columns `PERSON` of a record, as the plain numbers that SQLite gives back."""
    box = [None] * 4 if record.box is None else [float(value) for value in record.box]
    seconds = [None if value is None else float(value) for value in (record.time, record.offset)]
    counts = [None if value is None else int(value) for value in (record.frame, record.track)]
    return [record.id, record.source, *box, record.camera, *seconds, *counts]
