"""What can be asked of a gallery: who is in it, who looks like a query, is it as it was written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from textreid_index.backends import VectorBackend
from textreid_index.embeddings import Embeddings, EncoderInfo
from textreid_index.errors import InvalidValueError
from textreid_index.hits import BatchHits
from textreid_index.records import Record, SourceState
from textreid_index.snapshot import Snapshot
from textreid_index.stats import GalleryStats
from textreid_index.store import blobs, tracks_table
from textreid_index.store import people_table as people
from textreid_index.store import sources_table as sources
from textreid_index.store.export import export
from textreid_index.store.gallery_table import read_state
from textreid_index.store.sqlite import Store
from textreid_index.store.verify import find_problems
from textreid_index.tracks import Track
from textreid_index.vector_cache import VectorCache
from textreid_index.where import EVERYBODY, Where


class ReadableGallery:
    """A gallery as far as it is read: each answer is of the newest people that were committed."""

    def __init__(self, store: Store, backend: type[VectorBackend]) -> None:
        self._store = store
        self._cache = VectorCache(backend)

    @property
    def path(self) -> Path:
        """The gallery's folder, as an absolute path."""
        return self._store.file.parent

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

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The gallery at one moment: several questions that belong together, and nobody goes in between.

        Keep the block short. Other threads wait for it, and what somebody deletes meanwhile stays in the file
        until it ends.
        """
        with self._store.reading() as db:
            yield Snapshot(db, self._cache)

    def __len__(self) -> int:
        with self._store.reading() as db:
            return people.count(db)

    def count(self, where: Where | None = None) -> int:
        """How many people `where` accepts; None accepts everybody."""
        with self._store.reading() as db:
            return people.count(db, where or EVERYBODY)

    def search(self, queries: Embeddings, k: int, where: Where | None = None) -> BatchHits:
        """The k people nearest to each query, among those that `where` accepts.

        Scores are exact cosines, whatever the backend; hits are in falling order of score, then rising order
        of id. Every exact backend gives the same people in the same order. An approximate one may miss
        somebody: `Hits.exact` is False then.

        Args:
            queries: Q query vectors of the gallery's encoder.
            k: people to return, at least 1.
            where: filter; None accepts everybody.

        Returns:
            Q answers of min(k, people accepted) hits; fewer where an approximate backend found no more.

        Raises:
            EncoderMismatchError: the queries come from another encoder.
            InvalidValueError: k is less than 1.
            GalleryDamagedError: a stored vector changed since it was written.
        """
        with self.snapshot() as now:
            return now.search(queries, k, where)

    def get(self, id: str) -> Record:
        """The person with this id.

        Raises:
            UnknownPersonError: nobody has it.
        """
        with self.snapshot() as now:
            return now.get(id)

    def thumbnail(self, id: str) -> bytes:
        """The person's thumbnail, a JPEG file.

        Raises:
            UnknownPersonError: nobody has this id.
        """
        with self._store.reading() as db:
            return blobs.read_thumbnail(db, people.find_key(db, id))

    def thumbnails(self, ids: Collection[str]) -> dict[str, bytes]:
        """Id -> thumbnail of those whom the gallery holds, in the order of `ids`; who is gone is left out."""
        with self.snapshot() as now:
            keys = now.keys(ids)
            jpegs = now.thumbnails(keys.values())
        return {id: jpegs[key] for id, key in keys.items()}

    def track(self, id: str) -> Track | None:
        """The person's way through a video, with views; None where only one image is known of the person.

        Raises:
            UnknownPersonError: nobody has this id.
            GalleryDamagedError: it changed since it was written.
        """
        with self._store.reading() as db:
            return tracks_table.read(db, people.find_key(db, id))

    def vectors(self, ids: Sequence[str]) -> np.ndarray:
        """The vectors [N, D] float32 of these people, in the order of the ids.

        Raises:
            UnknownPersonError: nobody has one of the ids.
        """
        with self._store.reading() as db:
            keys = [people.find_key(db, id) for id in ids]
            return Snapshot(db, self._cache).vectors(keys)

    def sample(self, n: int) -> np.ndarray:
        """The vectors [min(n, people), D] float32 of people spread evenly over the order of adding.

        Raises:
            GalleryDamagedError: a stored vector changed since it was written.
        """
        with self.snapshot() as now:
            return now.sample(n)

    def records(self, where: Where | None = None) -> Iterator[Record]:
        """Everybody that `where` accepts, in the order of adding; read page by page, each as it is then."""
        last = 0
        while True:
            with self._store.reading() as db:
                page = people.read_page(db, where or EVERYBODY, after=last)
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
            return people.cameras(db)

    def source_state(self, key: str) -> SourceState | None:
        """How far this photo or video was indexed; None when it never was."""
        with self._store.reading() as db:
            return sources.read(db, key)

    def sources(self) -> list[SourceState]:
        """The states of all photos and videos, sorted by path."""
        with self._store.reading() as db:
            return sources.read_all(db)

    def export(self, folder: str | Path) -> None:
        """Write everything to a new folder: gallery.json, records.jsonl, vectors.npy and thumbnails/.

        Where people were found in videos, there are tracks.jsonl and views/ too.
        The folder appears complete or not at all.

        Raises:
            InvalidValueError: the folder is an empty text.
            GalleryError: the folder exists already, or cannot be written.
        """
        if folder == "":
            raise InvalidValueError('"" names no folder: name a new one to export to.')
        with self._store.snapshot() as db:
            export(db, Path(folder))

    def verify(self) -> list[str]:
        """Check every stored byte against its checksum, and the file's structure.

        Returns:
            One sentence a problem, naming the person or source; an empty list when all is well.
        """
        missing = self._store.describe_missing()
        with self._store.snapshot() as db:
            return [*filter(None, [missing]), *find_problems(db)]

    def stats(self) -> GalleryStats:
        """What the gallery holds and how large it is."""
        with self._store.reading() as db:
            state = read_state(db)
            counts = people.count(db), sources.count(db), len(people.cameras(db))
        return GalleryStats(
            *counts, state.encoder, state.generation, self._store.size(), self._store.readers()
        )
