"""A gallery as plain files that other tools read."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from pathlib import Path

import numpy as np

from textreid_index.errors import GalleryDamagedError, GalleryError
from textreid_index.store import blobs, gallery_table
from textreid_index.store import people_table as people
from textreid_index.store import tracks_table as tracks
from textreid_index.store.checksums import REPAIR
from textreid_index.whole_folder import whole_folder


def export(db: sqlite3.Connection, folder: Path) -> None:
    """Write the gallery of this read transaction to a new folder, which appears complete or not at all.

    Only its owner may read it.

    Raises:
        GalleryError: the folder exists already, or cannot be written.
    """
    if folder.exists():
        raise GalleryError(f"{folder} exists already. Name a new folder to export to.")
    try:
        with whole_folder(folder, private=True) as working:
            _write(db, working)
    except OSError as error:
        raise GalleryError(f"The gallery cannot be exported to {folder}: {error.strerror}.") from error


def _write(db: sqlite3.Connection, folder: Path) -> None:
    encoder = gallery_table.read_state(db).encoder
    keys = _write_records(db, folder)
    _write_tracks(db, folder)
    _write_vectors(db, folder / "vectors.npy", keys, 0 if encoder is None else encoder.dim)
    described = {"people": len(keys), "encoder": None if encoder is None else asdict(encoder)}
    (folder / "gallery.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def _write_records(db: sqlite3.Connection, folder: Path) -> list[int]:
    """Write records and thumbnails; returns the keys of the people in their order."""
    (folder / "thumbnails").mkdir()
    keys: list[int] = []
    with (folder / "records.jsonl").open("w", encoding="utf-8") as lines:
        for row in db.execute(f"SELECT {people.COLUMNS} FROM people ORDER BY key"):
            thumbnail = f"thumbnails/{len(keys):08}.jpg"
            (folder / thumbnail).write_bytes(blobs.read_thumbnail(db, row[0]))
            record = {**asdict(people.to_record(row)), "thumbnail": thumbnail}
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            keys.append(row[0])
    return keys


def _write_tracks(db: sqlite3.Connection, folder: Path) -> None:
    """Write the ways of people through videos, and the views of those people, if there are any."""
    ids = dict(db.execute("SELECT key, id FROM tracks JOIN people USING (key) ORDER BY key"))
    if not ids:
        return
    (folder / "views").mkdir()
    with (folder / "tracks.jsonl").open("w", encoding="utf-8") as lines:
        for number, (key, id) in enumerate(ids.items()):
            track = tracks.read(db, key)
            assert track is not None
            views = []
            for place, view in enumerate(track.views):
                name = f"views/{number:08}-{place}.jpg"
                (folder / name).write_bytes(view.jpeg)
                views.append({"offset": view.offset, "box": view.box, "image": name})
            path = [(time, *box) for time, box in track.path]
            lines.write(json.dumps({"id": id, "path": path, "views": views}, ensure_ascii=False) + "\n")


def _write_vectors(db: sqlite3.Connection, path: Path, keys: list[int], dim: int) -> None:
    """Write the vectors of these people; a file mapped to memory would end the process on a full disk."""
    found: list[int] = []
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(keys), dim)}
        np.lib.format.write_array_header_1_0(file, header)
        for block, vectors in blobs.read_vectors_after(db, 0, dim):
            file.write(vectors.tobytes())
            found += block.tolist()
    if found != keys:
        raise GalleryDamagedError(f"Vectors of some people are missing, or are of nobody. {REPAIR}")
