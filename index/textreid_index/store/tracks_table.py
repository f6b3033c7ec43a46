"""The ways of people through videos: the tables `tracks`, and `views` of those people."""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np

from textreid_index.errors import GalleryDamagedError
from textreid_index.store.checksums import DELETE, checked_fields, fields_checksum
from textreid_index.tracks import Box, Track, View

COLUMNS = "key, start, stop, path, checksum"
VIEW_COLUMNS = 'person, place, "offset", x1, y1, x2, y2, jpeg, checksum'


def write(db: sqlite3.Connection, key: int, track: Track) -> None:
    """Write the track of somebody who has none yet."""
    fields: list[Any] = [key, float(track.start), float(track.end), _packed(track)]
    db.execute(f"INSERT INTO tracks ({COLUMNS}) VALUES (?,?,?,?,?)", [*fields, fields_checksum(fields)])
    for place, view in enumerate(track.views):
        fields = [key, place, float(view.offset), *map(float, view.box), view.jpeg]
        marks = ",".join("?" * (len(fields) + 1))
        db.execute(f"INSERT INTO views ({VIEW_COLUMNS}) VALUES ({marks})", [*fields, fields_checksum(fields)])


def read(db: sqlite3.Connection, key: int) -> Track | None:
    """The track of the person with this key; None of somebody who has none.

    Raises:
        GalleryDamagedError: it changed since it was written.
    """
    row = db.execute(f"SELECT {COLUMNS} FROM tracks WHERE key = ?", [key]).fetchone()
    if row is None:
        return None
    *_, path = checked_fields(row, "A track", DELETE)
    rows = db.execute(f"SELECT {VIEW_COLUMNS} FROM views WHERE person = ? ORDER BY place", [key]).fetchall()
    views = [checked_fields(row, "A view of a track", DELETE) for row in rows]
    if not views:
        raise GalleryDamagedError(f"The views of a track are gone. {DELETE}")
    return Track(_unpacked(path), tuple(View(offset, tuple(box), jpeg) for _, _, offset, *box, jpeg in views))


def _packed(track: Track) -> bytes:
    """[N] float64 times and then [N, 4] float32 boxes, both little-endian."""
    times, boxes = zip(*track.path, strict=True)
    return np.asarray(times, "<f8").tobytes() + np.asarray(boxes, "<f4").tobytes()


def _unpacked(path: bytes) -> tuple[tuple[float, Box], ...]:
    count = len(path) // 24
    times = np.frombuffer(path, "<f8", count).tolist()
    boxes = np.frombuffer(path, "<f4", offset=8 * count).reshape(count, 4).tolist()
    return tuple((time, tuple(box)) for time, box in zip(times, boxes, strict=True))
