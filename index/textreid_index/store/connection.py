"""How a connection to a gallery's file is made."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path

read_text = partial(str, encoding="utf-8", errors="replace")
"""Text that damage made undecodable is read all the same: the row's checksum tells, and it can be deleted."""


def connect(
    file: Path, mode: str, wait: float, *, alone: bool = False, options: str = ""
) -> sqlite3.Connection:
    """A connection without automatic transactions.

    Args:
        file: the gallery's file.
        mode: "ro" to read, "rw" to write.
        wait: seconds to wait for another program that is writing.
        alone: keep everybody else out, which needs no memory shared through a file.
        options: further parameters of SQLite's URI, each with "&" before it.

    Raises:
        sqlite3.Error: the file cannot be opened so.
    """
    uri = f"{file.resolve().as_uri()}?mode={mode}{options}"
    db = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None, check_same_thread=False)
    db.text_factory = read_text
    try:
        if alone:  # before anything is read
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def is_alone(db: sqlite3.Connection) -> bool:
    """Whether a connection keeps everybody else out."""
    return db.execute("PRAGMA locking_mode").fetchone() == ("exclusive",)


def log_file(file: Path) -> Path:
    """SQLite's log of what was committed last, beside the gallery's file."""
    return file.with_name(f"{file.name}-wal")
