"""Where a gallery's file lies, and how it is made ready."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from textreid_index.errors import (
    ForeignGalleryError,
    GalleryError,
    GalleryFullError,
    GalleryNotFoundError,
    GalleryReadOnlyError,
)
from textreid_index.store import migrations, schema
from textreid_index.store.commit_count import FILE as COMMITS
from textreid_index.store.permissions import make_private_file, make_private_folder
from textreid_index.store.reader import Reader
from textreid_index.store.shares import try_locks
from textreid_index.store.sqlite_errors import translate_errors
from textreid_index.store.waiting import Waiting
from textreid_index.store.writer import Writer

FILE = "gallery.sqlite"

LONGEST_PATH = 504
"""Bytes of the longest path that SQLite opens: its own limit of 512, less the endings of files beside it."""


def locate(folder: Path, *, create: bool) -> Path:
    """The file of the gallery in this folder, which may be about to be made.

    Raises:
        GalleryNotFoundError: there is none, and `create` is false.
        ForeignGalleryError: something else lies there.
        GalleryError: the folder cannot be read or made, or not be locked.
    """
    file = folder / FILE
    try:
        length = len(os.fsencode(file.resolve()))
        if length > LONGEST_PATH:
            raise GalleryError(
                f"The path of {FILE} in {folder} has {length} bytes, and SQLite opens none of more than"
                f" {LONGEST_PATH}. Choose a folder with a shorter path."
            )
        if folder.exists() and not folder.is_dir():
            raise ForeignGalleryError(f"{folder} is a file. A gallery is a folder: name another one.")
        if not folder.exists() and not create:
            raise _not_found(folder)
        if create and not file.exists():
            try_locks(folder)
        make_private_folder(folder)
        others = [name for entry in folder.iterdir() if not (name := entry.name).startswith((".", COMMITS))]
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


def prepare(file: Path, *, create: bool, waiting: Waiting) -> GalleryFullError | None:
    """Make the tables where they are missing, and bring those of an earlier format up to date.

    Returns:
        Why they stay of an earlier format, where the disk has no room; else None.

    Raises:
        GalleryNotFoundError: there are no tables, and `create` is false.
        GalleryError: what `migrations.migrate` raises otherwise.
        sqlite3.Error: the file cannot be read, or there is no room to write.
    """
    if create:
        make_private_file(file)
    with closing(Reader(file, readonly=False, waiting=waiting)) as reader, reader.transaction() as db:
        blank = schema.is_blank(db)
        if not blank and schema.read_format(db, file) == schema.FORMAT:
            return None
    if blank and not create:
        raise _not_found(file.parent)
    try:
        with translate_errors(file.parent), closing(Writer(file, waiting)) as writer:
            if blank:
                _make_tables(writer)
            with writer.connection() as db:
                migrations.migrate(db, file, waiting)
    except GalleryFullError as error:
        if blank:
            raise
        return error
    return None


def _make_tables(writer: Writer) -> None:
    writer.use_log()
    with writer.transaction() as db:
        if schema.is_blank(db):
            schema.create(db)


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
            f"The gallery {file.parent} is of format {number}, has to be brought to format {schema.FORMAT},"
            " which cannot be done here, and is too large to do it in memory. Copy it to a folder that you"
            " may write to, on a disk with room for it twice, and open the copy:"
            f" cp -r {file.parent} COPY && textreid gallery info --gallery COPY"
        )


def _not_found(folder: Path) -> GalleryNotFoundError:
    return GalleryNotFoundError(
        f"No gallery at {folder}. Create one: textreid index PHOTOS --gallery {folder}"
    )
