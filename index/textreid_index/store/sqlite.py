"""One SQLite file and its transactions.

Write-ahead logging lets readers go on while one program writes; `synchronous=FULL` makes a commit survive a
power cut; `secure_delete` overwrites what is deleted. A handle keeps one connection to read and one to write,
so a search never waits for this process's own writes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from textreid_index.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryFullError,
    GalleryReadOnlyError,
)
from textreid_index.store import gallery_table, migrations
from textreid_index.store.opening import connect, locate, prepare, require_format
from textreid_index.store.sqlite_errors import READ_ONLY, translate_errors


class Store:
    """A gallery file opened by this process. Safe to use from several threads.

    Args:
        folder: the gallery's folder.
        create: make the gallery where there is none.
        wait: seconds to wait for another program that is writing.

    Raises:
        GalleryError: one of its children says why the file cannot be used.
    """

    def __init__(self, folder: Path, *, create: bool, wait: float) -> None:
        self.folder = folder
        self._wait = wait
        self._read_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        self.file = locate(folder, create=create)
        self.readonly = not all(os.access(path, os.W_OK) for path in (folder, self.file) if path.exists())
        try:
            if not self.readonly:
                with translate_errors(folder):
                    prepare(self.file, create=create, wait=wait)
            with suppress(GalleryBusyError, GalleryFullError, GalleryDamagedError):
                with self.reading() as db:
                    unscrubbed = gallery_table.read_state(db).unscrubbed
                if unscrubbed and not self.readonly:
                    self.scrub()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction: what is read in it belongs to one moment. One thread at a time."""
        with self._read_lock, translate_errors(self.folder):
            db = self._reading_connection()
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Like `reading`, on a connection of its own: for long reads beside which searches go on."""
        self._require_open()
        with translate_errors(self.folder), closing(self._connect()) as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end, undone by any exception.

        Raises:
            GalleryBusyError: another program kept writing for longer than `wait`.
            GalleryReadOnlyError: the gallery cannot be written here.
            GalleryFullError: the disk is full.
        """
        with self._write_lock, translate_errors(self.folder):
            db = self._writing_connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    @contextmanager
    def erasing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction that removes people for good: afterwards their bytes leave the file too.

        Raises:
            GalleryError: as for `writing` and `scrub`.
        """
        with self.writing() as db:
            yield db
            gallery_table.advance(db, removed=True)
            gallery_table.set_unscrubbed(db, True)
        self.scrub()

    def scrub(self) -> None:
        """Rewrite the file after a deletion, without the bytes of those deleted, and empty the log.

        `secure_delete` alone does not do it: when SQLite moves rows between pages it leaves stale copies in
        the pages' gaps, which a later deletion of those rows does not reach. Copies of former formats, which
        hold the deleted too, are removed.

        Raises:
            GalleryBusyError: another program wrote, or read old pages, for longer than `wait`.
            GalleryFullError: there is no room for the rewritten file.
        """
        try:
            with self._write_lock, translate_errors(self.folder):
                db = self._writing_connection()
                if gallery_table.read_state(db).unscrubbed:
                    self._rewrite(db)
        except (GalleryBusyError, GalleryFullError) as error:
            full = isinstance(error, GalleryFullError)
            reason = "the disk has too little free space" if full else "another program is using it"
            raise type(error)(
                f"The people are deleted and no search finds them, but traces of them stay in {self.file}: it"
                f" could not be rewritten, because {reason}. The next deletion, or the next opening, does it."
            ) from error

    def _rewrite(self, db: sqlite3.Connection) -> None:
        for copy in migrations.copies(self.file):
            copy.unlink()
        db.execute("VACUUM")
        if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise GalleryBusyError(f"Another program is reading the gallery {self.folder}.")
        gallery_table.set_unscrubbed(db, False)

    def size(self) -> int:
        """Bytes of the gallery's files."""
        return sum(file.stat().st_size for file in self.folder.glob(f"{self.file.name}*"))

    def close(self) -> None:
        """Close both connections; the last handle to close also removes the write-ahead log."""
        with self._read_lock, self._write_lock:
            self._closed = True
            for db in (self._reader, self._writer):
                if db is not None:
                    db.close()
            self._reader = self._writer = None

    def _reading_connection(self) -> sqlite3.Connection:
        self._require_open()
        if self._reader is not None and self.readonly:
            # Without write access SQLite may not see other programs' changes: look at the file afresh.
            self._reader.close()
            self._reader = None
        if self._reader is None:
            self._reader = self._connect()
            require_format(self._reader, self.file)
        return self._reader

    def _writing_connection(self) -> sqlite3.Connection:
        self._require_open()
        if self.readonly:
            raise GalleryReadOnlyError(READ_ONLY.format(folder=self.folder))
        if self._writer is None:
            self._writer = self._connect()
        return self._writer

    def _connect(self) -> sqlite3.Connection:
        return connect(self.file, "ro" if self.readonly else "rw", self._wait)

    def _require_open(self) -> None:
        if self._closed:
            raise GalleryError(f"The gallery {self.folder} is closed. Open it again with Gallery.open(...).")
