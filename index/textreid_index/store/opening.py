"""Where a gallery's file lies, and how a connection to it is made."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from textreid_index.errors import (
    ForeignGalleryError,
    GalleryError,
    GalleryNotFoundError,
    GalleryReadOnlyError,
)
from textreid_index.store import migrations, schema

FILE = "gallery.sqlite"


def locate(folder: Path, *, create: bool) -> Path:
    """The file of the gallery in this folder, which may be about to be made.

    Raises:
        GalleryNotFoundError: there is none, and `create` is false.
        ForeignGalleryError: something else lies there.
        GalleryError: the folder cannot be read or made.
    """
    file = folder / FILE
    try:
        if folder.exists() and not folder.is_dir():
            raise ForeignGalleryError(f"{folder} is a file. A gallery is a folder: name another one.")
        if not folder.exists() and not create:
            raise _not_found(folder)
        folder.mkdir(parents=True, exist_ok=True)
        others = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
        exists = file.exists()
    except OSError as error:
        raise GalleryError(f"The folder {folder} cannot be used: {error.strerror}.") from error
    if not exists and others:
        raise ForeignGalleryError(
            f"{folder} holds other files and no gallery. Name a new folder for the gallery."
        )
    if not exists and not create:
        raise _not_found(folder)
    return file


def connect(file: Path, mode: str, wait: float) -> sqlite3.Connection:
    """A connection without automatic transactions.

    Args:
        file: the gallery's file.
        mode: "ro" to read, "rw" to write, "rwc" to make the file if there is none.
        wait: seconds to wait for another program that is writing.
    """
    uri = f"{file.resolve().as_uri()}?mode={mode}"
    if mode == "ro" and not file.with_name(f"{FILE}-wal").exists():
        uri += "&immutable=1"  # nobody is writing; without this SQLite wants to create files beside it
    db = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")
    db.execute("PRAGMA foreign_keys = ON")
    return db


def prepare(file: Path, *, create: bool, wait: float) -> None:
    """Make the tables where they are missing, and bring those of an earlier format up to date.

    Raises:
        GalleryNotFoundError: there are no tables, and `create` is false.
        GalleryError: what `migrations.migrate` raises.
    """
    with closing(connect(file, "rwc" if create else "rw", wait)) as db:
        if schema.is_blank(db):
            if not create:
                raise _not_found(file.parent)
            _log_ahead(db, wait)
            db.execute("BEGIN IMMEDIATE")
            if schema.is_blank(db):
                schema.create(db)
            db.commit()
        migrations.migrate(db, file)


def require_format(db: sqlite3.Connection, file: Path) -> None:
    """Refuse what is not a gallery of the present format, before it is read.

    Raises:
        GalleryReadOnlyError: the gallery is of an earlier format.
        ForeignGalleryError: the file is not a gallery, or of a newer format.
        GalleryDamagedError: the format is a number that no textreid writes.
    """
    number = schema.read_format(db, file)
    if number < schema.FORMAT:
        raise GalleryReadOnlyError(
            f"The gallery {file.parent} is of format {number} and has to be brought to format"
            f" {schema.FORMAT}, but can only be read here. Copy it to a folder that you may write to and open"
            " the copy:"
            f" cp -r {file.parent} COPY && textreid gallery info --gallery COPY"
        )


def _log_ahead(db: sqlite3.Connection, wait: float) -> None:
    """Switch a new file to a write-ahead log; SQLite does not wait for another that does the same."""
    deadline = time.monotonic() + wait
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _not_found(folder: Path) -> GalleryNotFoundError:
    return GalleryNotFoundError(
        f"No gallery at {folder}. Create one: textreid index PHOTOS --gallery {folder}"
    )
