"""The gallery: people that can be searched, in one folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from textreid_index import backends
from textreid_index.embeddings import Embeddings, require_same_encoder, require_same_people
from textreid_index.errors import InvalidValueError
from textreid_index.files import Files
from textreid_index.readable_gallery import ReadableGallery
from textreid_index.records import UPLOADS, Record, SourceState
from textreid_index.store import people_removal as removal
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store.gallery_table import advance, read_state, write_encoder
from textreid_index.store.repair import take_out_damaged
from textreid_index.store.sqlite import Store
from textreid_index.tracks import Track

WAIT_SECONDS = 30.0


class Gallery(ReadableGallery):
    """People with their vectors and thumbnails, in a folder that survives a crash at any moment.

    Use it as a context manager, from any number of threads. Several processes may read while one writes;
    each search sees the newest committed people. Open it with `Gallery.open`.

    Attributes:
        backend_name: "flat" or "exact", whichever searches.
        notice: sentences for the user where "auto" had to settle for numpy, where changes that were committed
            are missing, or where the file system lets one program at a time use the gallery; else None.
    """

    def __init__(self, store: Store, backend: backends.Resolved) -> None:
        self.backend_name, kind, lacking = backend
        super().__init__(store, kind)
        self.notice = " ".join(filter(None, (store.notice, lacking))) or None

    @classmethod
    def open(
        cls, path: str | Path, *, create: bool = False, backend: str = "auto", wait: float = WAIT_SECONDS
    ) -> Gallery:
        """Open the gallery in this folder.

        Args:
            path: the gallery's folder.
            create: make it if there is none; its folder must be new or empty.
            backend: "flat" (FAISS), "exact" (numpy), or "auto": flat where faiss is installed. After "auto"
                had to settle for numpy, `notice` says so.
            wait: seconds that a change waits for another program that is writing.

        Raises:
            GalleryNotFoundError: no gallery there, and `create` is false.
            ForeignGalleryError: something else is there, or a newer textreid made it.
            UnknownBackendError: no such backend, or its library is missing.
            InvalidValueError: the path is an empty text.
            GalleryError: the folder cannot be read.
        """
        if path == "":
            raise InvalidValueError('"" names no folder: name that of the gallery.')
        resolved = backends.resolve(backend)
        return cls(Store(Path(path), create=create, wait=wait), resolved)

    def close(self) -> None:
        """Release the files. Further calls raise `GalleryError`."""
        self._store.close()

    def __enter__(self) -> Gallery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def files(self) -> Files:
        """What the gallery knows of files: their keys, copies, and who was deleted from them."""
        return Files(self._store)

    def add(
        self,
        records: Sequence[Record],
        embeddings: Embeddings,
        thumbnails: Sequence[bytes],
        *,
        source: SourceState | None = None,
        tracks: Mapping[str, Track] = people.NO_TRACKS,
    ) -> int:
        """Add people in one transaction: after a crash either all of them are in, or none.

        A person whose id is known replaces the one stored. Where `source.reading` is a new one, the people of
        earlier readings of that file go in the same transaction: all of them when it is done, until then
        those whom it has passed. The first people fix the gallery's encoder; an emptied gallery accepts
        another.

        Args:
            records: N people.
            embeddings: their vectors; `ids` are the records' ids in the same order.
            thumbnails: N JPEG files.
            source: state of the file they come from, committed with them.
            tracks: the ways of those who were found in a video, by id.

        Returns:
            By how many the gallery grew: those given, less those whose place they took.

        Raises:
            EncoderMismatchError: the gallery holds vectors of another encoder.
            InvalidValueError: counts or ids do not agree, or an id occurs twice.
            GalleryBusyError: another program kept writing.
            GalleryReadOnlyError: the gallery cannot be written.
            GalleryFullError: the disk is full.
        """
        ids = require_same_people(records, embeddings, thumbnails)
        with self._store.writing() as db:
            encoder = read_state(db).encoder
            if encoder is not None and not people.is_empty(db):
                require_same_encoder(encoder, embeddings.encoder)
            replaced = removal.replace_ids(db, ids, source.key if source else None)
            if source is not None:
                replaced += removal.replace_readings(db, source, {record.source for record in records})
                sources.write(db, source)
            people.insert(db, records, embeddings.vectors, thumbnails, source, tracks)
            if ids or replaced:
                advance(db, removed=replaced > 0)
            if ids:
                write_encoder(db, embeddings.encoder)
        return len(ids) - replaced

    def mark(self, *states: SourceState) -> int:
        """Write down the states of sources that add nobody: empty, unreadable or finished.

        As in `add`, the people of earlier readings go.

        Returns:
            How many they were.

        Raises:
            GalleryError: as for `add`.
        """
        if not states:
            return 0
        with self._store.writing() as db:
            replaced = 0
            for state in states:
                replaced += removal.replace_readings(db, state, ())
                sources.write(db, state)
            if replaced:
                advance(db, removed=True)
        return replaced

    def delete(self, ids: Collection[str]) -> int:
        """Delete people for good: record, vector and thumbnail leave the files and every open handle.

        The file is rewritten without them, which takes some seconds a gigabyte and as much free space again:
        delete many at once rather than one by one. Their sources stay known, so indexing those again does not
        bring them back; but a file in the gallery's own folder goes with the last person found in it. Unknown
        ids are ignored.

        Returns:
            How many were deleted.

        Raises:
            GalleryBusyError: another program kept writing; or it kept reading old pages, so that the people
                are deleted but the file could not be rewritten yet.
            GalleryFullError: the people are deleted, but the disk has no room for the rewritten file.
            GalleryReadOnlyError: the gallery cannot be written.
        """
        if isinstance(ids, str) or "" in ids:
            raise InvalidValueError(f"Give the ids of the people to delete as a list, not {ids!r}.")
        return self._erase(lambda db: removal.erase_ids(db, ids))

    def forget(self, *names: str) -> int:
        """Delete for good everybody from these photos or videos, or from below these folders or zip files.

        The sources become unknown too: indexing them again adds their people again. A file in the gallery's
        own folder goes with the last person found in it.

        Returns:
            How many people were deleted.

        Raises:
            InvalidValueError: a name is an empty text.
            GalleryError: as for `delete`.
        """
        if "" in names:
            raise InvalidValueError('"" names no file: name one, or a folder, to forget its people.')

        def erase(db: sqlite3.Connection) -> int:
            count = sum(removal.erase_source(db, name) for name in names)
            for name in names:
                sources.erase(db, name)
            return count

        return self._erase(erase)

    def _erase(self, erase: Callable[[sqlite3.Connection], int]) -> int:
        """Take people out for good, with those of the gallery's own files from which nobody is left."""
        left = set[str]()
        try:
            with self._store.erasing() as db:
                before = people.files_in(db, UPLOADS)
                count = erase(db)
                left |= before - people.files_in(db, UPLOADS)
                for key in left:
                    sources.erase(db, key)
        finally:  # the people are gone even where the file could not be rewritten
            self.files.remove_unused(left)
        return count

    def rewind(self, source: str, offset: float | None = None) -> int:
        """Take back the people of a source that is about to be indexed again, wholly or from an offset on.

        Searches no longer find them. Unlike `forget`, it leaves the source's state and does not rewrite the
        file, so it is quick.

        Args:
            source: a photo, video or zip file.
            offset: seconds into the video from which on people are taken back; None: all of them.

        Returns:
            How many were taken back.

        Raises:
            InvalidValueError: the source is an empty text.
            GalleryError: as for `add`.
        """
        if source == "":
            raise InvalidValueError('"" names no file: name one to take back its people.')
        with self._store.writing() as db:
            count = removal.take_back(db, source, offset)
            advance(db, removed=True)
        return count

    def repair(self) -> int:
        """Make the indexes anew, and delete for good whoever is not as written; all others stay.

        Files of which somebody is missing then are read again the next time that they are indexed.

        Returns:
            How many people were deleted.

        Raises:
            GalleryDamagedError: the damage goes deeper: restore the gallery from a copy, or index anew.
            GalleryError: as for `delete`.
        """
        with self._store.erasing() as db:
            return take_out_damaged(db)
