"""People as rows of the table `people`, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from textreid_index.errors import GalleryDamagedError, UnknownPersonError
from textreid_index.records import Record, SourceState
from textreid_index.store import blobs, tracks_table
from textreid_index.store import sources_table as sources
from textreid_index.store.checksums import DELETE, RESTORE, checked_fields, fields_checksum
from textreid_index.store.filter_sql import filter_condition, id_condition
from textreid_index.tracks import Track
from textreid_index.where import EVERYBODY, Where

FIELDS = 'key, id, source, x1, y1, x2, y2, camera, time, "offset", frame, track, file, reading'
COLUMNS = f"{FIELDS}, checksum"
ROWS_AT_ONCE = 8192
NO_TRACKS: Mapping[str, Track] = {}


def insert(
    db: sqlite3.Connection,
    records: Sequence[Record],
    vectors: np.ndarray,
    thumbnails: Sequence[bytes],
    source: SourceState | None = None,
    tracks: Mapping[str, Track] = NO_TRACKS,
) -> None:
    """Write people whose ids are not in the table.

    Args:
        db: the connection.
        records: N people.
        vectors: [N, D], of each.
        thumbnails: of each.
        source: state of the file they come from.
        tracks: the ways of those who were found in a video, by id.
    """
    reading = None if source is None else source.reading
    first = _last_key(db) + 1
    for key, (record, vector, jpeg) in enumerate(zip(records, vectors, thumbnails, strict=True), first):
        file = sources.file_of(db, record.source) if source is None else source.key
        write_row(db, [key, *_fields(record), file, reading])
        blobs.insert(db, key, vector, jpeg)
        if record.id in tracks:
            tracks_table.write(db, key, tracks[record.id])


def write_row(db: sqlite3.Connection, fields: Sequence[object]) -> None:
    """Write the columns `FIELDS` of somebody who is new."""
    marks = ",".join("?" * (len(fields) + 1))
    db.execute(f"INSERT INTO people ({COLUMNS}) VALUES ({marks})", [*fields, fields_checksum(fields)])


def count(db: sqlite3.Connection, where: Where = EVERYBODY) -> int:
    """How many people the filter accepts."""
    condition, values = filter_condition(where)
    return db.execute(f"SELECT count(*) FROM people WHERE {condition}", values).fetchone()[0]


def count_files(db: sqlite3.Connection, files: Sequence[str]) -> int:
    """How many people were found in these files."""
    counted = "SELECT count(*) FROM people WHERE file IN (SELECT value FROM json_each(?))"
    return db.execute(counted, [json.dumps(files)]).fetchone()[0]


def is_from(db: sqlite3.Connection, ending: str) -> bool:
    """Whether somebody is from a file whose name is this or ends so."""
    named = "SELECT 1 FROM people NOT INDEXED WHERE file = ? OR substr(file, -?) = ? LIMIT 1"
    return db.execute(named, [ending, len(ending) + 1, f"/{ending}"]).fetchone() is not None


def files_in(db: sqlite3.Connection, folder: str) -> set[str]:
    """The files of this folder in which somebody was found, from the table and from no index."""
    below = "SELECT DISTINCT file FROM people NOT INDEXED WHERE substr(file, 1, ?) = ?"
    return {file for (file,) in db.execute(below, [len(folder) + 1, f"{folder}/"])}


def is_empty(db: sqlite3.Connection) -> bool:
    """Whether there is nobody."""
    return db.execute("SELECT 1 FROM people LIMIT 1").fetchone() is None


def cameras(db: sqlite3.Connection) -> list[str]:
    """The names of all cameras, sorted."""
    rows = db.execute("SELECT DISTINCT camera FROM people WHERE camera IS NOT NULL ORDER BY camera")
    return [camera for (camera,) in rows]


def keys(db: sqlite3.Connection, where: Where = EVERYBODY) -> np.ndarray:
    """The keys [M] int64 of everybody whom the filter accepts, rising."""
    condition, values = filter_condition(where)
    rows = db.execute(f"SELECT key FROM people WHERE {condition}", values)
    return np.sort(np.fromiter((key for (key,) in rows), dtype=np.int64))


def find_key(db: sqlite3.Connection, id: str) -> int:
    """The key of the person with this id.

    Raises:
        UnknownPersonError: nobody has it.
    """
    row = db.execute("SELECT key FROM people WHERE id = ?", [id]).fetchone()
    if row is None:
        raise UnknownPersonError(f"Nobody in the gallery has the id '{id}'.")
    return row[0]


def find_keys(db: sqlite3.Connection, ids: Collection[str]) -> dict[str, int]:
    """Id -> key of those that there are, in the order of the ids."""
    condition, values = id_condition(ids)
    found = dict(db.execute(f"SELECT id, key FROM people WHERE {condition}", values).fetchall())
    return {id: found[id] for id in ids if id in found}


def present(db: sqlite3.Connection, keys: Collection[int]) -> set[int]:
    """Those of the keys that somebody has."""
    listed = json.dumps(list(keys))
    rows = db.execute("SELECT key FROM people WHERE key IN (SELECT value FROM json_each(?))", [listed])
    return {key for (key,) in rows}


def read_records(db: sqlite3.Connection, keys: Sequence[int]) -> dict[int, Record]:
    """The records stored under these keys.

    Raises:
        GalleryDamagedError: one changed since it was written, or is missing.
    """
    rows = db.execute(
        f"SELECT {COLUMNS} FROM people WHERE key IN (SELECT value FROM json_each(?))",
        [json.dumps(list(keys))],
    )
    records = {row[0]: to_record(row) for row in rows}
    if len(records) < len(set(keys)):
        raise GalleryDamagedError(f"The record of a stored vector is gone. {RESTORE}")
    return records


def read_page(db: sqlite3.Connection, where: Where, *, after: int) -> dict[int, Record]:
    """The next records that the filter accepts with keys above `after`, in rising order of key.

    Raises:
        GalleryDamagedError: one changed since it was written.
    """
    condition, values = filter_condition(where)
    rows = db.execute(
        f"SELECT {COLUMNS} FROM people WHERE key > ? AND {condition} ORDER BY key LIMIT ?",
        [after, *values, ROWS_AT_ONCE],
    )
    return {row[0]: to_record(row) for row in rows}


def neighbours(db: sqlite3.Connection, id: str, n: int) -> list[Record]:
    """Up to n other people nearest in time, in the order of time.

    Raises:
        UnknownPersonError: nobody has this id.
    """
    key = find_key(db, id)
    person = read_records(db, [key])[key]
    moment: float
    if person.time is not None:
        column, value, order, moment = "camera", person.camera, "time", person.time
    elif person.offset is not None:
        column, value, order, moment = "source", person.source, '"offset"', person.offset
    else:
        column, value, order, moment = "camera", person.camera, "key", key
    rows = db.execute(
        f"SELECT * FROM (SELECT {order} AS moment, {COLUMNS} FROM people"
        f" WHERE {column} IS ? AND {order} IS NOT NULL AND key != ?"
        f" ORDER BY abs({order} - ?), key LIMIT ?) ORDER BY moment, key",
        [value, key, moment, n],
    )
    return [to_record(row) for _, *row in rows]


def to_record(row: Sequence) -> Record:
    """The record of a row of the columns `COLUMNS`.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    fields = checked_fields(row, f"The record of {row[1]!r}", DELETE)
    _, id, source, *box, camera, time, offset, frame, track, _, _ = fields
    return Record(id, source, None if box[0] is None else tuple(box), camera, time, offset, frame, track)


def read_rows(db: sqlite3.Connection, file: str) -> list[tuple]:
    """The columns `COLUMNS` of everybody who was found in this file."""
    return db.execute(f"SELECT {COLUMNS} FROM people WHERE file = ?", [file]).fetchall()


def rename(db: sqlite3.Connection, row: Sequence, old: str, new: str) -> None:
    """Write anew a row of `COLUMNS` of somebody whose file has another name now.

    Raises:
        GalleryDamagedError: the row changed since it was written.
    """
    record = to_record(row)
    key, reading = row[0], row[-2]
    source = new + record.source.removeprefix(old)
    fields = [key, *_fields(replace(record, source=source)), new, reading]
    db.execute(
        "UPDATE people SET source = ?, file = ?, checksum = ? WHERE key = ?",
        [source, new, fields_checksum(fields), key],
    )


def files_of(db: sqlite3.Connection, ids: Collection[str]) -> dict[str, str]:
    """The files of those of the ids that somebody has, by id."""
    condition, values = id_condition(ids)
    return dict(db.execute(f"SELECT id, file FROM people WHERE {condition}", values).fetchall())


def ids_since(db: sqlite3.Connection, file: str, reading: int, offset: float) -> set[str]:
    """The ids of those whom this reading of a video found at this second or later."""
    found = 'SELECT id FROM people WHERE file = ? AND reading = ? AND "offset" >= ?'
    return {id for (id,) in db.execute(found, [file, reading, offset])}


def _last_key(db: sqlite3.Connection) -> int:
    """The largest key that anybody has or ever had: keys are not used again."""
    ever = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'people'").fetchone() or (0,)
    (now,) = db.execute("SELECT max(key) FROM people").fetchone()
    return max(ever[0], now or 0)


def _fields(record: Record) -> list[object]:
    """The columns of a record, from `id` to `track`, as the plain numbers that SQLite gives back."""
    box = [None] * 4 if record.box is None else [float(value) for value in record.box]
    seconds = [None if value is None else float(value) for value in (record.time, record.offset)]
    counts = [None if value is None else int(value) for value in (record.frame, record.track)]
    return [record.id, record.source, *box, record.camera, *seconds, *counts]
