"""One SQLite file and its transactions.

Write-ahead logging lets readers go on while one program writes; `synchronous=FULL` makes a commit survive a
power cut; `secure_delete` overwrites what is deleted. A handle keeps one connection to read and one to write,
so a search never waits for this process's own writes.
"""

from __future__ import annotations

import logging
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
from textreid_index.forks import follow_forks
from textreid_index.store import gallery_table, indexes
from textreid_index.store.commit_count import MISSING, CommitCount
from textreid_index.store.opening import locate, prepare, require_format
from textreid_index.store.permissions import describe_readers
from textreid_index.store.reader import Reader
from textreid_index.store.scrubbing import room_for_rewriting, scrub
from textreid_index.store.shares import describe_turns
from textreid_index.store.sqlite_errors import READ_ONLY, translate_errors
from textreid_index.store.state_repair import repair_state
from textreid_index.store.waiting import Waiting
from textreid_index.store.writer import Writer

log = logging.getLogger("textreid_index")

IN_USE_ELSEWHERE: list[object] = []
"""Connections that a thread of the parent was inside when it was forked: they are kept, and never touched."""


class Store:
    """A gallery file opened by this process. Safe to use from several threads.

    Args:
        folder: the gallery's folder.
        create: make the gallery where there is none.
        wait: seconds to wait for another program that is writing.

    Attributes:
        folder: the gallery's folder.
        file: the database in it.
        readonly: whether this user may only read it.
        notice: what its owner should know of it, as it was at the opening.

    Raises:
        GalleryError: one of its children says why the file cannot be used.
    """

    def __init__(self, folder: Path, *, create: bool, wait: float) -> None:
        self.folder = folder
        self._read_lock, self._write_lock = threading.Lock(), threading.Lock()
        self._closed = False
        self._checked = False
        self._takes_turns = False
        self.file = locate(folder, create=create).absolute()  # also where the program goes to another folder
        self._waiting = Waiting(self.file.parent, wait)
        self.readonly = not all(os.access(path, os.W_OK) for path in (folder, self.file) if path.exists())
        self._refusal: GalleryError | None = None
        self._reader = self._new_reader()
        self._writer = Writer(self.file, self._waiting)
        self.notice: str | None = None
        self._commits = CommitCount(self.file)
        try:
            if not self.readonly:
                with translate_errors(folder):
                    self._refusal = prepare(self.file, create=create, waiting=self._waiting)
            with suppress(GalleryBusyError, GalleryFullError, GalleryDamagedError):
                self.notice = self._describe()
                if self.notice is not None:
                    log.warning(self.notice)
                with self.snapshot() as db:
                    unscrubbed = gallery_table.read_state(db).unscrubbed
                if unscrubbed and not self.readonly and self._refusal is None:
                    self.scrub()
        except BaseException:
            self.close()
            raise
        follow_forks(self, before=Store._hold, in_parent=Store._go_on, in_child=Store._leave_inherited)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction: what is read in it belongs to one moment. One thread at a time.

        Before the first one, and after each that met damage, the indexes are compared with their tables.
        """
        try:
            with self._read_lock, translate_errors(self.folder), self._reader.transaction() as db:
                require_format(db, self.file)
                self._check(db)
                yield db
        except GalleryDamagedError:
            self._checked = False
            raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Like `reading`, on a connection of its own: for long reads beside which searches go on.

        The indexes are not compared with their tables first.
        """
        self._require_open()
        with (
            translate_errors(self.folder),
            closing(self._new_reader()) as reader,
            reader.transaction() as db,
        ):
            self._takes_turns = reader.takes_turns
            require_format(db, self.file)
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end, undone by any exception.

        Raises:
            GalleryBusyError: another program kept writing for longer than `wait`.
            GalleryReadOnlyError: the gallery cannot be written here.
            GalleryFullError: the disk is full.
            GalleryDamagedError: an index is damaged, by which somebody might be added twice.
        """
        with self._changing() as db:
            self._check(db)
            yield db

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock, translate_errors(self.folder):
            with self._checked_writer().transaction() as db:
                yield db
                seen = gallery_table.count_commit(db, self._commits.read())
            self._commits.raise_to(seen)

    @contextmanager
    def erasing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction that removes people for good: afterwards their bytes leave the file too.

        Indexes, and the gallery's own row, are made anew first where they are damaged, so that nobody stays.

        Raises:
            GalleryError: as for `writing` and `scrub`.
        """
        try:
            with self._changing() as db:
                repair_state(db, self._commits.read())
                if indexes.find_misfits(db):
                    indexes.make_anew(db)
                yield db
                gallery_table.advance(db, removed=True)
                gallery_table.set_unscrubbed(db, True)
        except GalleryFullError as error:
            raise GalleryFullError(
                f"Nobody was deleted from {self.folder}: {room_for_rewriting(self.file)}. Free some space and"
                " repeat it."
            ) from error
        self.scrub()

    def scrub(self) -> None:
        """Rewrite the file after a deletion: see `scrubbing.scrub`."""
        with self._write_lock:
            scrub(self._checked_writer(), self.file)

    def _check(self, db: sqlite3.Connection) -> None:
        """Compare the indexes with their tables, once in this process or since the last damage."""
        if not self._checked:
            indexes.require_fitting(db)
            self._checked = True

    def _describe(self) -> str | None:
        missing = self.describe_missing()
        turns = describe_turns(self.file.parent) if self._takes_turns else None
        return " ".join(filter(None, [missing, turns])) or None

    def describe_missing(self) -> str | None:
        """A sentence where the gallery has had commits that are not in its file any more."""
        identity, seen = self._commits.read()  # first: what is committed in between is not missing
        try:
            with self.snapshot() as db:
                state = gallery_table.read_state(db)
        except GalleryDamagedError:  # which is told where it matters: here nothing can be compared
            return None
        if not self.readonly and self._refusal is None:
            self._commits.raise_to((state.identity, state.commits))
        missing = seen - state.commits if identity == state.identity else 0
        return MISSING.format(missing=missing, folder=self.folder) if missing > 0 else None

    def size(self) -> int:
        """Bytes of the gallery's files."""
        return sum(file.stat().st_size for file in self.folder.glob(f"{self.file.stem}.*"))

    def readers(self) -> str:
        """Who may read the gallery's file."""
        return describe_readers(self.file)

    def close(self) -> None:
        """Close both connections; the last handle to close also removes the write-ahead log."""
        with self._read_lock, self._write_lock:
            self._closed = True
            self._reader.close()
            self._writer.close()

    def _hold(self) -> None:
        """Let no thread be inside a connection; one that stays there for seconds is not waited for."""
        self._held = [lock for lock in (self._write_lock, self._read_lock) if lock.acquire(timeout=2)]

    def _go_on(self) -> None:
        for lock in self._held:
            lock.release()

    def _leave_inherited(self) -> None:
        """In a forked process: have connections of one's own, since SQLite's belong to a process."""
        in_use = len(self._held) < 2
        self._read_lock, self._write_lock = threading.Lock(), threading.Lock()
        if self._closed:
            return
        reader, writer = self._reader, self._writer
        self._reader, self._writer = self._new_reader(), Writer(self.file, self._waiting)
        self._checked = False
        if in_use:
            IN_USE_ELSEWHERE.append((reader, writer))
            return
        reader.close()  # takes no lock from the parent; by this SQLite sees that it has none here
        writer.close()

    def _checked_writer(self) -> Writer:
        self._require_open()
        if self.readonly:
            raise GalleryReadOnlyError(READ_ONLY.format(folder=self.folder))
        if self._refusal is not None:
            raise self._refusal
        return self._writer

    def _new_reader(self) -> Reader:
        return Reader(self.file, readonly=self.readonly, waiting=self._waiting, upgrade=True)

    def _require_open(self) -> None:
        if self._closed:
            raise GalleryError(f"The gallery {self.folder} is closed. Open it again with Gallery.open(...).")
