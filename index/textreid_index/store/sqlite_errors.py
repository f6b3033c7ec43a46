"""SQLite's errors in the words of a gallery."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textreid_index.errors import (
    ForeignGalleryError,
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryFullError,
    GalleryReadOnlyError,
)
from textreid_index.store.file_system import describe_file_system
from textreid_index.store.shares import NO_LOCKS, no_locks

READ_ONLY = "The gallery {folder} can only be read. Copy it to a folder that you may write to."
FULL = (
    GalleryFullError,
    "The disk that holds the gallery {folder} is full. Nothing of this change was kept, everything before"
    " it was. Free some space and repeat it.",
)
DAMAGED = (
    GalleryDamagedError,
    "The gallery {folder} is damaged. Restore it from a copy, or index the photos again.",
)
ERRORS: dict[int, tuple[type[GalleryError], str]] = {
    sqlite3.SQLITE_ERROR: (GalleryError, "The gallery {folder} cannot be used."),
    sqlite3.SQLITE_BUSY: (
        GalleryBusyError,
        "Another program is writing to the gallery {folder}. Try again when it has finished.",
    ),
    sqlite3.SQLITE_IOERR: (
        GalleryError,
        "The gallery {folder} could not be read or written. {system} failed. Look whether it is connected and"
        " sound, and repeat it.",
    ),
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: FULL,
    sqlite3.SQLITE_READONLY: (GalleryReadOnlyError, READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: (
        GalleryError,
        "The gallery {folder} cannot be opened. Check that you may read it and its folder.",
    ),
    sqlite3.SQLITE_NOTADB: (
        ForeignGalleryError,
        "{folder} holds a gallery.sqlite that is not a gallery. Choose another folder.",
    ),
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_CONSTRAINT: DAMAGED,
}


@contextmanager
def translate_errors(folder: Path) -> Iterator[None]:
    """Turn SQLite's errors about the gallery in this folder into `GalleryError` and its children."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        code = sqlite3.SQLITE_CORRUPT if _is_undecodable(error) else getattr(error, "sqlite_errorcode", 0)
        if code in NO_LOCKS:
            raise no_locks(folder) from error
        kind, text = ERRORS.get(code) or ERRORS.get(code & 0xFF) or ERRORS[sqlite3.SQLITE_ERROR]
        system = describe_file_system(folder)
        name = getattr(error, "sqlite_errorname", "no SQLite code")
        raise kind(f"{text.format(folder=folder, system=system)} ({error}, {name})") from error


def _is_undecodable(error: Exception) -> bool:
    """Whether stored text is not UTF-8, which Python finds and not SQLite."""
    without_code = isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode")
    return without_code or isinstance(error, UnicodeDecodeError)
