"""A gallery at one moment: who is there does not change while it is looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

import numpy as np

from textreid_index.embeddings import Embeddings, EncoderInfo, require_same_encoder
from textreid_index.errors import InvalidValueError
from textreid_index.hits import BatchHits
from textreid_index.records import Record
from textreid_index.store import blobs
from textreid_index.store import people_table as people
from textreid_index.store.gallery_table import read_state
from textreid_index.vector_cache import VectorCache
from textreid_index.where import EVERYBODY, Where


class Snapshot:
    """What `Gallery.snapshot` yields: as long as its block runs, every answer is of the same moment.

    Everybody has a key, a number that nobody else ever gets: what is stored under it never changes.
    """

    def __init__(self, db: sqlite3.Connection, cache: VectorCache) -> None:
        self._db, self._cache = db, cache
        self._state = read_state(db)

    @property
    def encoder(self) -> EncoderInfo | None:
        """The encoder of all vectors; None until the first people are added."""
        return self._state.encoder

    @property
    def generation(self) -> int:
        """Counts the changes to the people; the same number means the same people."""
        return self._state.generation

    @property
    def removed_at(self) -> int:
        """The generation of the last change that removed somebody."""
        return self._state.removed_at

    def count(self, where: Where | None = None) -> int:
        """How many people `where` accepts; None accepts everybody."""
        return people.count(self._db, where or EVERYBODY)

    def search(self, queries: Embeddings, k: int, where: Where | None = None) -> BatchHits:
        """As `Gallery.search`."""
        if k < 1:
            raise InvalidValueError(f"k is the number of people to return: at least 1, not {k}.")
        if self.encoder is not None:
            require_same_encoder(self.encoder, queries.encoder)
        self._cache.refresh(self._db, self._state)
        rows = self._cache.nearest(self._db, queries.vectors, k, where or EVERYBODY)
        return BatchHits(queries.ids, tuple(rows))

    def sample(self, n: int) -> np.ndarray:
        """As `Gallery.sample`."""
        self._cache.refresh(self._db, self._state)
        return self._cache.sample(self._db, n)

    def keys(self, ids: Collection[str]) -> dict[str, int]:
        """Id -> key of those whom the gallery holds, in the order of `ids`; who is gone is left out."""
        return people.find_keys(self._db, ids)

    def key(self, id: str) -> int:
        """The key of the person with this id.

        Raises:
            UnknownPersonError: nobody has it.
        """
        return people.find_key(self._db, id)

    def present(self, keys: Collection[int]) -> set[int]:
        """Those of the keys that somebody has."""
        return people.present(self._db, keys)

    def get(self, id: str) -> Record:
        """As `Gallery.get`."""
        key = self.key(id)
        return people.read_records(self._db, [key])[key]

    def vectors(self, keys: Sequence[int]) -> np.ndarray:
        """The vectors [N, D] float32 stored under N keys, in their order.

        Raises:
            GalleryDamagedError: one changed since it was written, or is missing.
        """
        return blobs.read_vectors(self._db, keys, self.encoder.dim if self.encoder else 0)

    def thumbnails(self, keys: Collection[int]) -> dict[int, bytes]:
        """Key -> thumbnail, a JPEG file.

        Raises:
            GalleryDamagedError: one changed since it was written, or is missing.
        """
        return {key: blobs.read_thumbnail(self._db, key) for key in keys}
