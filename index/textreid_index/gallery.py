"""The gallery: people that can be searched, kept in one folder."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from textreid_index import backends, rows
from textreid_index.cache import VectorCache
from textreid_index.embeddings import Embeddings, EncoderInfo, require_same_encoder
from textreid_index.errors import InvalidValueError, UnknownPersonError
from textreid_index.export import export
from textreid_index.hits import BatchHits
from textreid_index.records import Record, SourceState
from textreid_index.schema import read_state
from textreid_index.store import Store
from textreid_index.verify import problems
from textreid_index.where import Where, below

ROWS_AT_ONCE = 1024
WAIT_SECONDS = 10.0


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
    """

    def __init__(self, store: Store, backend: str) -> None:
        self._store = store
        self.backend_name, kind, self.notice = backends.resolve(backend)
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
        return cls(Store(Path(path), create=create, wait=wait), backend)

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
            empty = db.execute("SELECT 1 FROM people LIMIT 1").fetchone() is None
            encoder = read_state(db).encoder
            if encoder is not None and not empty:
                require_same_encoder(encoder, embeddings.encoder)
            known = rows.remove_people(db, *_any_of(ids))
            rows.insert_people(db, records, embeddings.vectors, thumbnails)
            if source is not None:
                rows.put_source(db, source)
            if ids:
                rows.advance(db, removed=known > 0, encoder=embeddings.encoder)
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
        with self._store.reading() as db:
            state = read_state(db)
            if state.encoder is not None:
                require_same_encoder(state.encoder, queries.encoder)
            self._cache.refresh(db, state)
            mask = None
            condition, values = (where or Where()).sql()
            if condition:
                accepted = [key for (key,) in db.execute(f"SELECT key FROM people WHERE {condition}", values)]
                mask = np.zeros(len(self._cache.keys), dtype=bool)
                mask[np.searchsorted(self._cache.keys, accepted)] = True
            return BatchHits(queries.ids, tuple(self._cache.nearest(db, queries.vectors, k, mask)))

    def get(self, id: str) -> Record:
        """The person with this id.

        Raises:
            UnknownPersonError: nobody has it.
        """
        with self._store.reading() as db:
            return rows.to_record(self._row(db, rows.PERSON, "people", id))

    def thumbnail(self, id: str) -> bytes:
        """The person's thumbnail, a JPEG file.

        Raises:
            UnknownPersonError: nobody has this id.
        """
        with self._store.reading() as db:
            return self._row(db, "jpeg", "people JOIN thumbnails USING (key)", id)[0]

    def vectors(self, ids: Sequence[str]) -> np.ndarray:
        """The vectors [N, D] float32 of these people, in the order of the ids.

        Raises:
            UnknownPersonError: nobody has one of the ids.
        """
        with self._store.reading() as db:
            blobs = [self._row(db, "vector", "people JOIN vectors USING (key)", id)[0] for id in ids]
            encoder = read_state(db).encoder
        return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(ids), encoder.dim if encoder else 0)

    def records(self, where: Where | None = None) -> Iterator[Record]:
        """Everybody that `where` accepts, in the order of adding. People added meanwhile may appear."""
        condition, values = (where or Where()).sql()
        last = 0
        while True:
            with self._store.reading() as db:
                page = db.execute(
                    f"SELECT key, {rows.PERSON} FROM people WHERE key > ? AND {condition or 'TRUE'}"
                    " ORDER BY key LIMIT ?",
                    [last, *values, ROWS_AT_ONCE],
                ).fetchall()
            if not page:
                return
            last = page[-1][0]
            yield from (rows.to_record(row[1:]) for row in page)

    def neighbours(self, id: str, n: int = 8) -> list[Record]:
        """Up to n other people seen closest in time, in the order of time.

        Closest is judged by capture time on the same camera where it is known, else by the offset in the same
        video, else by the order of adding on the same camera.

        Raises:
            UnknownPersonError: nobody has this id.
        """
        with self._store.reading() as db:
            key = self._row(db, "key", "people", id)[0]
            person = rows.to_record(self._row(db, rows.PERSON, "people", id))
            if person.time is not None:
                place, order, moment = ("camera IS ?", person.camera), "time", person.time
            elif person.offset is not None:
                place, order, moment = ("source = ?", person.source), '"offset"', person.offset
            else:
                place, order, moment = ("camera IS ?", person.camera), "key", key
            found = db.execute(
                f"SELECT * FROM (SELECT {order} AS moment, key, {rows.PERSON} FROM people"
                f" WHERE {place[0]} AND {order} IS NOT NULL AND key != ?"
                f" ORDER BY abs({order} - ?), key LIMIT ?) ORDER BY moment, key",
                [place[1], key, moment, n],
            )
            return [rows.to_record(row[2:]) for row in found]

    def cameras(self) -> list[str]:
        """The names of all cameras, sorted."""
        with self._store.reading() as db:
            found = db.execute("SELECT DISTINCT camera FROM people WHERE camera IS NOT NULL ORDER BY camera")
            return [camera for (camera,) in found]

    def source_state(self, key: str) -> SourceState | None:
        """How far this photo or video was indexed; None when it never was."""
        with self._store.reading() as db:
            row = db.execute(f"SELECT {rows.SOURCE} FROM sources WHERE key = ?", [key]).fetchone()
        return None if row is None else SourceState(*row)

    def sources(self) -> list[SourceState]:
        """The states of all photos and videos, sorted by path."""
        with self._store.reading() as db:
            return [
                SourceState(*row) for row in db.execute(f"SELECT {rows.SOURCE} FROM sources ORDER BY key")
            ]

    def mark(self, source: SourceState) -> None:
        """Write down the state of a source that adds nobody: empty, unreadable or finished.

        Raises:
            GalleryError: as for `add`.
        """
        with self._store.writing() as db:
            rows.put_source(db, source)

    def delete(self, ids: Collection[str]) -> int:
        """Delete people for good: record, vector and thumbnail leave every file and every open handle.

        Their sources stay known, so indexing those again does not bring them back. Unknown ids are ignored.

        Returns:
            How many were deleted.

        Raises:
            GalleryBusyError: another program kept writing, or kept reading what was to be overwritten.
            GalleryError: as for `add`.
        """
        return self._remove(*_any_of(ids))

    def forget(self, source: str) -> int:
        """Delete everybody from this photo or video, or from all below this folder or inside this zip file.

        The sources become unknown too: indexing them again adds their people again.

        Returns:
            How many people were deleted.

        Raises:
            GalleryError: as for `delete`.
        """
        return self._remove(*below("source", source), also=("sources", *below("key", source)))

    def delete_after(self, source: str, offset: float) -> int:
        """Delete the people of one video seen at this offset or later, before it is indexed on from there.

        Args:
            source: exactly this video.
            offset: seconds from its start.

        Returns:
            How many were deleted.

        Raises:
            GalleryError: as for `delete`.
        """
        return self._remove('source = ? AND "offset" >= ?', [source, offset])

    def export(self, folder: str | Path) -> None:
        """Write everything to a new folder: gallery.json, records.jsonl, vectors.npy and thumbnails/.

        The folder appears complete or not at all.

        Raises:
            GalleryError: the folder exists already, or cannot be written.
        """
        with self._store.reading() as db:
            export(db, Path(folder))

    def verify(self) -> list[str]:
        """Check every stored byte against its checksum, and the file's structure.

        Returns:
            One sentence a problem, naming the person or source; an empty list when all is well.
        """
        with self._store.reading() as db:
            return problems(db)

    def stats(self) -> GalleryStats:
        """What the gallery holds and how large it is."""
        with self._store.reading() as db:
            people, cameras = db.execute("SELECT count(*), count(DISTINCT camera) FROM people").fetchone()
            (sources,) = db.execute("SELECT count(*) FROM sources").fetchone()
            state = read_state(db)
        size = sum(file.stat().st_size for file in self.path.glob(f"{self._store.file.name}*"))
        return GalleryStats(people, sources, cameras, state.encoder, state.generation, size)

    def _remove(
        self, condition: str, values: Sequence[object], also: tuple[str, str, Sequence[object]] | None = None
    ) -> int:
        with self._store.writing() as db:
            count = rows.remove_people(db, condition, values)
            if also is not None:
                db.execute(f"DELETE FROM {also[0]} WHERE {also[1]}", also[2])
            if count:
                rows.advance(db, removed=True)
        self._store.scrub()
        return count

    @staticmethod
    def _row(db: sqlite3.Connection, columns: str, tables: str, id: str) -> tuple:
        row = db.execute(f"SELECT {columns} FROM {tables} WHERE id = ?", [id]).fetchone()
        if row is None:
            raise UnknownPersonError(f"Nobody in the gallery has the id '{id}'.")
        return row


def _any_of(ids: Collection[str]) -> tuple[str, list[object]]:
    return "id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))]
