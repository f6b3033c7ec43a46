"""What network shares and shared folders lack: locks, or memory that several programs share through a file.

Where files cannot be locked no gallery can be kept. Where memory cannot be shared, a program that keeps all
others out needs none.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from textreid_index.errors import GalleryError
from textreid_index.store.file_system import describe_file_system

NO_LOCKS = {
    sqlite3.SQLITE_IOERR_LOCK,
    sqlite3.SQLITE_IOERR_RDLOCK,
    sqlite3.SQLITE_IOERR_UNLOCK,
    sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
    sqlite3.SQLITE_PERM,
}
NO_SHARED_MEMORY = {
    sqlite3.SQLITE_IOERR_SHMMAP,
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMLOCK,
}


def try_locks(folder: Path) -> bool:
    """Whether several programs can use a gallery in this folder at once; nothing stays there.

    SQLite tells that a file is locked, and not whether somebody has locked it or nobody can: a database that
    no other program knows shows which it is. It is made in the nearest folder that exists. What cannot be
    tried is taken to work.

    Raises:
        GalleryError: files cannot be locked there.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    with suppress(OSError), TemporaryDirectory(prefix=".trial-", dir=there) as trial:
        try:
            with closing(sqlite3.connect(Path(trial) / "trial.sqlite", timeout=0)) as db:
                db.execute("PRAGMA synchronous = OFF")
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("CREATE TABLE trial (x)")
        except sqlite3.Error as error:
            if is_locked(error) or error_code(error) in NO_LOCKS:
                raise no_locks(folder) from error
            return not cannot_share_memory(error)
    return True


def no_locks(folder: Path) -> GalleryError:
    """What is wrong where files cannot be locked, and what helps."""
    return GalleryError(
        f"No gallery can be used in {folder}. {describe_file_system(folder)} does not lock files, so that two"
        " programs could spoil it: choose a folder on a disk of this machine, to which a gallery that lies"
        " there already can be copied, or mount the share with locks."
    )


def describe_turns(folder: Path) -> str:
    """What it means for a gallery that no memory can be shared."""
    return (
        f"{describe_file_system(folder)} cannot share memory between programs, so that one at a time uses the"
        f" gallery {folder} and others wait for their turn."
    )


def cannot_share_memory(error: sqlite3.Error) -> bool:
    """Whether memory cannot be shared here, whoever tries."""
    return error_code(error) in NO_SHARED_MEMORY


def is_locked(error: Exception) -> bool:
    """Whether a lock could not be had, because somebody has it or nobody can."""
    return error_code(error) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL)


def error_code(error: Exception) -> int:
    """SQLite's extended code of an error; 0 where it has none."""
    return getattr(error, "sqlite_errorcode", 0)
