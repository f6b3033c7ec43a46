"""A gallery as plain files that other tools read."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from pathlib import Path

import numpy as np

from textreid_index.errors import GalleryError
from textreid_index.store import gallery_table
from textreid_index.store import people_table as people
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
    encoder, count = gallery_table.read_state(db).encoder, people.count(db)
    described = {"people": count, "encoder": None if encoder is None else asdict(encoder)}
    (folder / "gallery.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    (folder / "thumbnails").mkdir()
    with (folder / "records.jsonl").open("w", encoding="utf-8") as lines:
        rows = db.execute(f"SELECT key, {people.COLUMNS} FROM people ORDER BY key")
        for row, (key, *fields) in enumerate(rows):
            thumbnail = f"thumbnails/{row:08}.jpg"
            (folder / thumbnail).write_bytes(people.read_thumbnail(db, key))
            record = {**asdict(people.to_record(fields)), "thumbnail": thumbnail}
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
    dim = 0 if encoder is None else encoder.dim
    with (folder / "vectors.npy").open(
        "wb"
    ) as file:  # not mapped to memory: a full disk would end the process
        header = {"descr": "<f4", "fortran_order": False, "shape": (count, dim)}
        np.lib.format.write_array_header_1_0(file, header)
        for _, block in people.read_vectors_after(db, 0, dim):
            file.write(block.tobytes())
