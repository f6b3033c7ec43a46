"""One SQLite file: opening and transactions.

Write-ahead logging lets readers go on while one program writes; `synchronous=FULL` makes a commit survive a
power cut; `secure_delete` overwrites what is deleted. A handle keeps one connection to read and one to write,
so a search never waits for this process's own writes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from textreid_index.errors import (
    ForeignGalleryError,
    GalleryBusyError,
    GalleryError,
    GalleryFullError,
    GalleryNotFoundError,
    GalleryReadOnlyError,
)
from textreid_index.store import schema
from textreid_index.store.sqlite_errors import READ_ONLY, translated

FILE = "gallery.sqlite"


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
        self.file = folder / FILE
        self._wait = wait
        self._read_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        self._find(create)
        self.readonly = not all(os.access(path, os.W_OK) for path in (folder, self.file) if path.exists())
        try:
            if not self.readonly:
                self._prepare(create)
            with self.reading() as db:
                unscrubbed = schema.read_state(db).unscrubbed
            if unscrubbed and not self.readonly:
                with suppress(GalleryBusyError, GalleryFullError):
                    self.scrub()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction: what is read in it belongs to one moment. One thread at a time."""
        with self._read_lock, translated(self.folder):
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
        with translated(self.folder), closing(self._connect("ro" if self.readonly else "rw")) as db:
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
        with self._write_lock, translated(self.folder):
            db = self._writing_connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    def scrub(self) -> None:
        """Rewrite the file after a deletion, without the bytes of those deleted, and empty the log.

        `secure_delete` alone does not do it: when SQLite moves rows between pages it leaves stale copies in
        the pages' gaps, which a later deletion of those rows does not reach.

        Raises:
            GalleryBusyError: another program wrote, or read old pages, for longer than `wait`.
            GalleryFullError: there is no room for the rewritten file.
        """
        try:
            with self._write_lock, translated(self.folder):
                db = self._writing_connection()
                if schema.read_state(db).unscrubbed:
                    self._rewrite(db)
        except (GalleryBusyError, GalleryFullError) as error:
            full = isinstance(error, GalleryFullError)
            reason = "the disk has too little free space" if full else "another program is using it"
            raise type(error)(
                f"The people are deleted and no search finds them, but traces of them stay in {self.file}: it"
                f" could not be rewritten, because {reason}. The next deletion, or the next opening, does it."
            ) from error

    def _rewrite(self, db: sqlite3.Connection) -> None:
        db.execute("VACUUM")
        if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise GalleryBusyError(f"Another program is reading the gallery {self.folder}.")
        db.execute("UPDATE gallery SET unscrubbed = 0")

    def size(self) -> int:
        """Bytes of the gallery's files."""
        return sum(file.stat().st_size for file in self.folder.glob(f"{FILE}*"))

    def close(self) -> None:
        """Close both connections; the last handle to close also removes the write-ahead log."""
        with self._read_lock, self._write_lock:
            self._closed = True
            for db in (self._reader, self._writer):
                if db is not None:
                    db.close()
            self._reader = self._writer = None

    def _find(self, create: bool) -> None:
        try:
            if self.folder.exists() and not self.folder.is_dir():
                raise ForeignGalleryError(
                    f"{self.folder} is a file. A gallery is a folder: name another one."
                )
            if not self.folder.exists() and not create:
                raise self._not_found()
            self.folder.mkdir(parents=True, exist_ok=True)
            others = [entry.name for entry in self.folder.iterdir() if not entry.name.startswith(".")]
            exists = self.file.exists()
        except OSError as error:
            raise GalleryError(f"The folder {self.folder} cannot be used: {error.strerror}.") from error
        if not exists and others:
            raise ForeignGalleryError(
                f"{self.folder} holds other files and no gallery. Name a new folder for the gallery."
            )
        if not exists and not create:
            raise self._not_found()

    def _not_found(self) -> GalleryNotFoundError:
        return GalleryNotFoundError(
            f"No gallery at {self.folder}. Create one: textreid index PHOTOS --gallery {self.folder}"
        )

    def _prepare(self, create: bool) -> None:
        """Make the tables where they are missing."""
        with translated(self.folder), closing(self._connect("rwc" if create else "rw")) as db:
            if _is_blank(db):
                if not create:
                    raise self._not_found()
                self._log_ahead(db)
                db.execute("BEGIN IMMEDIATE")
                if _is_blank(db):
                    schema.create(db)
                db.commit()
            self._check(db)

    def _log_ahead(self, db: sqlite3.Connection) -> None:
        """Switch a new file to a write-ahead log; SQLite does not wait for another that does the same."""
        deadline = time.monotonic() + self._wait
        while True:
            try:
                db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _check(self, db: sqlite3.Connection) -> None:
        """Refuse a database that is not a gallery of this version."""
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if application != schema.APPLICATION_ID:
            raise ForeignGalleryError(
                f"{self.file} is a database of another program. Name another folder for the gallery."
            )
        if version > schema.VERSION:
            raise ForeignGalleryError(
                f"The gallery {self.folder} was made by a newer textreid (format {version}; this one knows"
                f" {schema.VERSION}). Upgrade: pip install -U textreid"
            )

    def _reading_connection(self) -> sqlite3.Connection:
        self._require_open()
        if self._reader is not None and self.readonly:
            # Without write access SQLite may not see other programs' changes: look at the file afresh.
            self._reader.close()
            self._reader = None
        if self._reader is None:
            self._reader = self._connect("ro") if self.readonly else self._connect("rw")
            self._check(self._reader)
        return self._reader

    def _writing_connection(self) -> sqlite3.Connection:
        self._require_open()
        if self.readonly:
            raise GalleryReadOnlyError(READ_ONLY.format(folder=self.folder))
        if self._writer is None:
            self._writer = self._connect("rw")
        return self._writer

    def _require_open(self) -> None:
        if self._closed:
            raise GalleryError(f"The gallery {self.folder} is closed. Open it again with Gallery.open(...).")

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = f"{self.file.resolve().as_uri()}?mode={mode}"
        if mode == "ro" and not self.file.with_name(f"{FILE}-wal").exists():
            uri += "&immutable=1"  # nobody is writing; without this SQLite wants to create files beside it
        db = sqlite3.connect(uri, uri=True, timeout=self._wait, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
        return db


def _is_blank(db: sqlite3.Connection) -> bool:
    """Whether the file has no tables yet: new, or left by a program killed while creating it."""
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    return not tables and application == 0
