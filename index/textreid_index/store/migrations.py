"""Galleries of earlier formats, brought to the present one when they are opened.

Forward only, one format after another, in one transaction: killed or failing at any moment, the gallery is as
it was or as it should be. A copy of the file from before is made first and stays beside it, as
`gallery.sqlite.format-1`, until somebody is deleted or removes it.

Whoever changes `schema.TABLES`

1. raises `schema.FORMAT`,
2. adds the step from the format before to `MIGRATIONS`,
3. adds a small gallery of the format before to `tests/fixtures`, which a test opens, verifies and searches.

A step is given a connection and the gallery's folder, and executes SQL inside the caller's transaction; it
neither commits nor touches other files. Foreign keys are off while it runs, so that a table may be made anew,
and are checked afterwards. Where nothing can be written, steps are taken in a copy in memory: see `Reader`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext, suppress
from pathlib import Path

from textreid_index.errors import GalleryError
from textreid_index.store import from_format_1, from_format_2, schema
from textreid_index.store.connection import is_alone
from textreid_index.store.sqlite_errors import translate_errors
from textreid_index.store.waiting import Waiting

Migration = Callable[[sqlite3.Connection, Path], None]

MIGRATIONS: dict[int, Migration] = {1: from_format_1.migrate, 2: from_format_2.migrate}
"""By format: the step from there to the next one. There is one for each format below `schema.FORMAT`."""


def migrate(db: sqlite3.Connection, file: Path, waiting: Waiting) -> None:
    """Bring a gallery file to the present format; one that has it already is only looked at.

    Args:
        db: a connection to the file that may write, is in no transaction, and is closed afterwards.
        file: the gallery's file, for the copy beside it.
        waiting: for other programs that write.

    Raises:
        GalleryError: it could not be done; nothing is changed then.
        ForeignGalleryError: the file is not a gallery, or of a newer format.
        GalleryDamagedError: the format is a number that no textreid writes.
    """
    if schema.read_format(db, file) == schema.FORMAT:
        return
    db.execute("PRAGMA foreign_keys = OFF")
    alone = is_alone(db)
    waiting.again(lambda: db.execute("BEGIN" if alone else "BEGIN IMMEDIATE"))
    old = schema.read_format(db, file)
    if old == schema.FORMAT:  # another program brought it up to date while this one waited
        return
    copy = file.with_name(f"{file.name}.format-{old}")
    try:
        with translate_errors(file.parent):
            with nullcontext(db) if alone else closing(sqlite3.connect(file)) as committed:
                _copy(committed, file, copy)
            take_steps(db, file)
            db.commit()
    except Exception as error:  # whatever a step stumbles over, the owner must hear that nothing is lost
        db.rollback()
        with suppress(OSError):
            copy.unlink()
        kind = type(error) if isinstance(error, GalleryError) else GalleryError
        raise kind(
            f"The gallery {file.parent} could not be brought from format {old} to {schema.FORMAT}"
            f" and is as it was: {error}"
        ) from error


def copies(file: Path) -> Iterator[Path]:
    """The copies of former formats beside a gallery file, the unfinished one of a killed program too."""
    return file.parent.glob(f"{file.name}.format-*")


def take_steps(db: sqlite3.Connection, file: Path) -> None:
    """Bring what is in this connection to the present format, inside the caller's transaction.

    Args:
        db: a connection to a gallery's file, or to a copy of it in memory, without foreign keys.
        file: the gallery's file.

    Raises:
        GalleryError: as `schema.read_format`, or a step cannot be taken.
    """
    for number in range(schema.read_format(db, file), schema.FORMAT):
        MIGRATIONS[number](db, file.parent)
    if db.execute("PRAGMA foreign_key_check").fetchone():
        raise GalleryError("a row would belong to nobody.")
    db.execute(f"PRAGMA user_version = {schema.FORMAT}")


def _copy(committed: sqlite3.Connection, file: Path, target: Path) -> None:
    """Copy a database, in which nothing is written yet, to a file that appears whole or not at all."""
    unfinished = target.with_name(f"{target.name}.part")
    try:
        unfinished.unlink(missing_ok=True)
        unfinished.touch()
        shutil.copymode(file, unfinished)  # before anybody is in it
        with closing(sqlite3.connect(unfinished)) as copy:
            committed.backup(copy)
        with unfinished.open("rb") as written:
            os.fsync(written.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
