"""The tables `vectors` and `thumbnails`: what is stored under the key of somebody beside the record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np

from textreid_index.errors import GalleryDamagedError
from textreid_index.store.checksums import DELETE, blob_checksum

ROWS_AT_ONCE = 8192


def insert(db: sqlite3.Connection, key: int, vector: np.ndarray, jpeg: bytes) -> None:
    """Write the vector [D] float32 and the thumbnail, a JPEG file, of somebody who is new."""
    blob = vector.astype("<f4").tobytes()
    db.execute("INSERT INTO vectors VALUES (?,?,?)", [key, blob, blob_checksum(key, blob)])
    db.execute("INSERT INTO thumbnails VALUES (?,?,?)", [key, jpeg, blob_checksum(key, jpeg)])


def read_thumbnail(db: sqlite3.Connection, key: int) -> bytes:
    """The JPEG file stored under this key.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    row = db.execute("SELECT jpeg, checksum FROM thumbnails WHERE key = ?", [key]).fetchone()
    return _checked(key, *(row or (None, 0)))


def read_vectors(db: sqlite3.Connection, keys: Sequence[int], dim: int) -> np.ndarray:
    """The vectors [N, dim] float32 stored under these N keys, in their order.

    Raises:
        GalleryDamagedError: one changed since it was written, or is missing.
    """
    rows = db.execute(
        "SELECT key, vector, checksum FROM vectors WHERE key IN (SELECT value FROM json_each(?))",
        [json.dumps(list(keys))],
    )
    stored = {key: (blob, checksum) for key, blob, checksum in rows}
    blobs = [_checked(key, *stored.get(key, (None, 0))) for key in keys]
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(keys), dim)


def read_vectors_after(db: sqlite3.Connection, key: int, dim: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Keys [M] int64 and vectors [M, dim] of everybody with a larger key, in rising order, block by block.

    Raises:
        GalleryDamagedError: a vector does not have the length or checksum that was stored.
    """
    cursor = db.execute("SELECT key, vector, checksum FROM vectors WHERE key > ? ORDER BY key", [key])
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        keys, blobs, checksums = zip(*rows, strict=True)
        if tuple(map(blob_checksum, keys, blobs)) != checksums or any(len(blob) != 4 * dim for blob in blobs):
            raise GalleryDamagedError(f"A stored vector changed since it was written. {DELETE}")
        yield np.array(keys, dtype=np.int64), np.frombuffer(b"".join(blobs), dtype="<f4").reshape(-1, dim)


def _checked(key: int, blob: bytes | None, checksum: int) -> bytes:
    """The blob stored under this key, if it is what was written; None stands for a missing row."""
    if blob is None or blob_checksum(key, blob) != checksum:
        raise GalleryDamagedError(f"A stored vector or thumbnail changed since it was written. {DELETE}")
    return blob
