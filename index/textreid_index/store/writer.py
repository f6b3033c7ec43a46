"""Write transactions, also where no memory can be shared: nobody else may have the file open then."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textreid_index.errors import GalleryBusyError
from textreid_index.store.connection import connect
from textreid_index.store.shares import cannot_share_memory
from textreid_index.store.waiting import Waiting


class Writer:
    """Writes one gallery file, for one thread at a time.

    Args:
        file: the gallery's file.
        waiting: for other programs that write.
    """

    def __init__(self, file: Path, waiting: Waiting) -> None:
        self._file = file
        self._waiting = waiting
        self._lasting: sqlite3.Connection | None = None

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection without a transaction, which stays open where that keeps nobody out.

        Raises:
            GalleryError: files cannot be locked here.
            sqlite3.Error: the file cannot be opened.
        """
        db = self._lasting or self._waiting.again(self._connect)
        try:
            yield db
        finally:
            if db is not self._lasting:
                db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end, undone by any exception.

        Raises:
            sqlite3.Error: the file cannot be written, or another program kept writing.
        """
        with self.connection() as db:
            self._waiting.again(lambda: db.execute("BEGIN IMMEDIATE"))
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    def rewrite(self) -> None:
        """Write the file anew, without the bytes of what was deleted, and empty the log.

        Raises:
            GalleryBusyError: another program wrote, or read old pages, for too long.
            sqlite3.Error: as for `transaction`.
        """
        with self.connection() as db:
            self._waiting.again(lambda: db.execute("VACUUM"))
            self._waiting.again(lambda: self._empty_log(db))

    def use_log(self) -> None:
        """Let a new file have a write-ahead log, beside which others may read."""
        with self.connection() as db:
            # SQLite does not wait for another program that does the same
            self._waiting.again(lambda: db.execute("PRAGMA journal_mode = WAL"))
        self.close()  # whether memory can be shared for it is seen by whoever connects next

    def close(self) -> None:
        """Close the connection that is open."""
        if self._lasting is not None:
            self._lasting.close()
            self._lasting = None

    def _connect(self) -> sqlite3.Connection:
        try:
            self._lasting = connect(self._file, "rw", self._waiting.attempt)
        except sqlite3.OperationalError as error:
            if not cannot_share_memory(error):
                raise
            return connect(self._file, "rw", 0, alone=True)
        return self._lasting

    def _empty_log(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise GalleryBusyError(f"Another program is reading the gallery {self._file.parent}.")
