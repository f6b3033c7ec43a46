"""The gallery: people that can be searched, kept in one folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from textreid_index import backends
from textreid_index.embeddings import Embeddings, EncoderInfo, require_same_encoder
from textreid_index.errors import InvalidValueError
from textreid_index.hits import BatchHits
from textreid_index.records import Record, SourceState
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store.export import export
from textreid_index.store.schema import advance, read_state
from textreid_index.store.sqlite import Store
from textreid_index.store.verify import problems
from textreid_index.vector_cache import VectorCache
from textreid_index.where import Where, below

WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class GalleryStats:
    """What a gallery holds.

    Attributes:
        people: records.
        sources: photos and videos whose state is known.
        cameras: different cameras.
        encoder: encoder of the vectors; None while nobody was added.
        generation: counts the changes to the people.
        bytes: size of the gallery's files on disk.
    """

    people: int
    sources: int
    cameras: int
    encoder: EncoderInfo | None
    generation: int
    bytes: int


class Gallery:
    """People with their vectors and thumbnails, in a folder that survives a crash at any moment.

    Use it as a context manager, from any number of threads. Several processes may read while one writes;
    each search sees the newest committed people. Open it with `Gallery.open`.

    Attributes:
        backend_name: "flat" or "exact", whichever searches.
        notice: a sentence for the user where "auto" had to settle for numpy, else None.
    """

    def __init__(self, store: Store, backend: backends.Resolved) -> None:
        self._store = store
        self.backend_name, kind, self.notice = backend
        self._cache = VectorCache(kind)

    @classmethod
    def open(
        cls, path: str | Path, *, create: bool = False, backend: str = "auto", wait: float = WAIT_SECONDS
    ) -> Gallery:
        """Open the gallery in this folder.

        Args:
            path: the gallery's folder.
            create: make it if there is none; its folder must be new or empty.
            backend: "flat" (FAISS), "exact" (numpy), or "auto": flat where faiss is installed. After "auto"
                had to settle for numpy, `notice` is a sentence that says so; otherwise it is None.
            wait: seconds that a change waits for another program that is writing.

        Raises:
            GalleryNotFoundError: no gallery there, and `create` is false.
            ForeignGalleryError: something else is there, or a newer textreid made it.
            UnknownBackendError: no such backend, or its library is missing.
            GalleryError: the folder cannot be read.
        """
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
    def path(self) -> Path:
        """The gallery's folder."""
        return self._store.folder

    @property
    def readonly(self) -> bool:
        """Whether this user may only read it."""
        return self._store.readonly

    @property
    def encoder(self) -> EncoderInfo | None:
        """The encoder of all vectors; None until the first people are added."""
        with self._store.reading() as db:
            return read_state(db).encoder

    @property
    def generation(self) -> int:
        """Counts the changes to the people; the same number means the same people."""
        with self._store.reading() as db:
            return read_state(db).generation

    def __len__(self) -> int:
        with self._store.reading() as db:
            return db.execute("SELECT count(*) FROM people").fetchone()[0]

    def count(self, where: Where | None = None) -> int:
        """How many people `where` accepts; None accepts everybody."""
        condition, values = (where or Where()).sql()
        with self._store.reading() as db:
            return db.execute(f"SELECT count(*) FROM people WHERE {condition or 1}", values).fetchone()[0]

    def add(
        self,
        records: Sequence[Record],
        embeddings: Embeddings,
        thumbnails: Sequence[bytes],
        *,
        source: SourceState | None = None,
    ) -> int:
        """Add people in one transaction: after a crash either all of them are in, or none.

        A person whose id is known replaces the one stored. The first people fix the gallery's encoder; an
        emptied gallery accepts another.

        Args:
            records: N people.
            embeddings: their vectors; `ids` are the records' ids in the same order.
            thumbnails: N JPEG files.
            source: state of the file they come from, committed with them.

        Returns:
            How many of them were not in the gallery before.

        Raises:
            EncoderMismatchError: the gallery holds vectors of another encoder.
            InvalidValueError: counts or ids do not agree, or an id occurs twice.
            GalleryBusyError: another program kept writing.
            GalleryReadOnlyError: the gallery cannot be written.
            GalleryFullError: the disk is full.
        """
        ids = [record.id for record in records]
        if tuple(ids) != embeddings.ids or len(thumbnails) != len(ids):
            raise InvalidValueError(
                f"Records, embeddings and thumbnails must describe the same people in the same order:"
                f" {len(ids)} records, {len(embeddings)} embeddings, {len(thumbnails)} thumbnails."
            )
        if len(set(ids)) != len(ids):
            twice = next(id for place, id in enumerate(ids) if id in ids[:place])
            raise InvalidValueError(f"The id '{twice}' occurs twice among the people to add.")
        with self._store.writing() as db:
            encoder = read_state(db).encoder
            if encoder is not None and db.execute("SELECT 1 FROM people LIMIT 1").fetchone():
                require_same_encoder(encoder, embeddings.encoder)
            known = people.remove(db, *people.any_of(ids))
            people.insert(db, records, embeddings.vectors, thumbnails)
            if source is not None:
                sources.put(db, source)
            if ids:
                advance(db, removed=known > 0, encoder=embeddings.encoder)
        return len(ids) - known

    def search(self, queries: Embeddings, k: int, where: Where | None = None) -> BatchHits:
        """The k people nearest to each query, among those that `where` accepts.

        Scores are exact cosines: every backend gives the same people in the same order, falling by score and
        then rising by id. Fewer than k are returned when the gallery, or the filter, has fewer.

        Args:
            queries: Q query vectors of the gallery's encoder.
            k: people to return, at least 1.
            where: filter; None accepts everybody.

        Returns:
            Q answers of min(k, people accepted) hits.

        Raises:
            EncoderMismatchError: the queries come from another encoder.
            InvalidValueError: k is less than 1.
            GalleryDamagedError: a stored vector changed since it was written.
        """
        if k < 1:
            raise InvalidValueError(f"k is the number of people to return: at least 1, not {k}.")
        condition, values = (where or Where()).sql()
        with self._store.reading() as db:
            state = read_state(db)
            if state.encoder is not None:
                require_same_encoder(state.encoder, queries.encoder)
            self._cache.refresh(db, state)
            accepted = db.execute(f"SELECT key FROM people WHERE {condition}", values) if condition else None
            mask = None if accepted is None else self._cache.mask([key for (key,) in accepted])
            return BatchHits(queries.ids, tuple(self._cache.nearest(db, queries.vectors, k, mask)))

    def get(self, id: str) -> Record:
        """The person with this id.

        Raises:
            UnknownPersonError: nobody has it.
        """
        with self._store.reading() as db:
            key = people.key_of(db, id)
            return people.records_of(db, [key])[key]

    def thumbnail(self, id: str) -> bytes:
        """The person's thumbnail, a JPEG file.

        Raises:
            UnknownPersonError: nobody has this id.
        """
        with self._store.reading() as db:
            return people.thumbnail_of(db, people.key_of(db, id))

    def vectors(self, ids: Sequence[str]) -> np.ndarray:
        """The vectors [N, D] float32 of these people, in the order of the ids.

        Raises:
            UnknownPersonError: nobody has one of the ids.
        """
        with self._store.reading() as db:
            found = [people.vector_of(db, people.key_of(db, id)) for id in ids]
            encoder = read_state(db).encoder
        return np.array(found, dtype=np.float32).reshape(len(ids), encoder.dim if encoder else 0)

    def sample(self, n: int) -> np.ndarray:
        """The vectors [min(n, people), D] float32 of people spread evenly over the order of adding.

        Raises:
            GalleryDamagedError: a stored vector changed since it was written.
        """
        with self._store.reading() as db:
            self._cache.refresh(db, read_state(db))
            return self._cache.sample(n)

    def records(self, where: Where | None = None) -> Iterator[Record]:
        """Everybody that `where` accepts, in the order of adding; read page by page, each as it is then."""
        condition, values = (where or Where()).sql()
        last = 0
        while True:
            with self._store.reading() as db:
                page = people.page(db, condition, values, after=last)
            if not page:
                return
            yield from page.values()
            last = max(page)

    def neighbours(self, id: str, n: int = 8) -> list[Record]:
        """Up to n other people seen closest in time, in the order of time.

        Closest is judged by capture time on the same camera where it is known, else by the offset in the same
        video, else by the order of adding on the same camera.

        Raises:
            UnknownPersonError: nobody has this id.
        """
        with self._store.reading() as db:
            return people.neighbours(db, id, n)

    def cameras(self) -> list[str]:
        """The names of all cameras, sorted."""
        with self._store.reading() as db:
            found = db.execute("SELECT DISTINCT camera FROM people WHERE camera IS NOT NULL ORDER BY camera")
            return [camera for (camera,) in found]

    def source_state(self, key: str) -> SourceState | None:
        """How far this photo or video was indexed; None when it never was."""
        with self._store.reading() as db:
            return sources.get(db, key)

    def sources(self) -> list[SourceState]:
        """The states of all photos and videos, sorted by path."""
        with self._store.reading() as db:
            return sources.everything(db)

    def mark(self, source: SourceState) -> None:
        """Write down the state of a source that adds nobody: empty, unreadable or finished.

        Raises:
            GalleryError: as for `add`.
        """
        with self._store.writing() as db:
            sources.put(db, source)

    def delete(self, ids: Collection[str]) -> int:
        """Delete people for good: record, vector and thumbnail leave the files and every open handle.

        The file is rewritten without them, which takes some seconds a gigabyte and as much free space again:
        delete many at once rather than one by one. Their sources stay known, so indexing those again does not
        bring them back. Unknown ids are ignored.

        Returns:
            How many were deleted.

        Raises:
            GalleryBusyError: another program kept writing; or it kept reading old pages, so that the people
                are deleted but the file could not be rewritten yet.
            GalleryFullError: the people are deleted, but the disk has no room for the rewritten file.
            GalleryReadOnlyError: the gallery cannot be written.
        """
        return self._remove(*people.any_of(ids))

    def forget(self, source: str) -> int:
        """Delete for good everybody from this photo or video, or from all below this folder or zip file.

        The sources become unknown too: indexing them again adds their people again.

        Returns:
            How many people were deleted.

        Raises:
            GalleryError: as for `delete`.
        """
        return self._remove(*below("source", source), forgotten=source)

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
            GalleryError: as for `add`.
        """
        condition, values = below("source", source)
        if offset is not None:
            condition, values = f'{condition} AND "offset" >= ?', [*values, offset]
        with self._store.writing() as db:
            count = people.remove(db, condition, values)
            advance(db, removed=True)
        return count

    def export(self, folder: str | Path) -> None:
        """Write everything to a new folder: gallery.json, records.jsonl, vectors.npy and thumbnails/.

        The folder appears complete or not at all.

        Raises:
            GalleryError: the folder exists already, or cannot be written.
        """
        with self._store.snapshot() as db:
            export(db, Path(folder))

    def verify(self) -> list[str]:
        """Check every stored byte against its checksum, and the file's structure.

        Returns:
            One sentence a problem, naming the person or source; an empty list when all is well.
        """
        with self._store.snapshot() as db:
            return problems(db)

    def stats(self) -> GalleryStats:
        """What the gallery holds and how large it is."""
        with self._store.reading() as db:
            state = read_state(db)
            found, cameras = db.execute("SELECT count(*), count(DISTINCT camera) FROM people").fetchone()
            (known,) = db.execute("SELECT count(*) FROM sources").fetchone()
        return GalleryStats(found, known, cameras, state.encoder, state.generation, self._store.size())

    def _remove(self, condition: str, values: Sequence[object], forgotten: str | None = None) -> int:
        with self._store.writing() as db:
            count = people.remove(db, condition, values)
            if forgotten is not None:
                sources.forget(db, forgotten)
            advance(db, removed=True)
            db.execute("UPDATE gallery SET unscrubbed = 1")
        self._store.scrub()
        return count
