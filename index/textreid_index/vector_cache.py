"""The vectors of a gallery in a search backend, which follows the file by its generation number."""

from __future__ import annotations

import sqlite3
from functools import partial

import numpy as np

from textreid_index.backends import Accepted, Block, VectorBackend
from textreid_index.embeddings import EncoderInfo
from textreid_index.errors import GalleryDamagedError
from textreid_index.hits import Hits
from textreid_index.nearest import find_nearest
from textreid_index.records import Record
from textreid_index.store import blobs
from textreid_index.store import people_table as people
from textreid_index.store.checksums import REPAIR
from textreid_index.store.gallery_table import State
from textreid_index.where import EVERYBODY, Where


class VectorCache:
    """A search backend and the keys that it holds; for one thread at a time."""

    def __init__(self, backend: type[VectorBackend]) -> None:
        self._new_backend = backend
        self._backend: VectorBackend | None = None
        self._encoder: EncoderInfo | None = None
        self._generation = -1
        self._keys = np.empty(0, dtype=np.int64)

    def refresh(self, db: sqlite3.Connection, state: State) -> None:
        """Bring the cache to the generation of the current read transaction, reading only what is new.

        Raises:
            GalleryDamagedError: a stored vector changed since it was written.
        """
        if state.encoder is None or state.generation == self._generation:
            return
        backend, self._backend = self._backend, None  # an exception on the way leaves nothing half-filled
        keys = self._keys
        if backend is not None and state.removed_at > self._generation:
            gone = np.setdiff1d(keys, people.keys(db), assume_unique=True)
            keys = np.setdiff1d(keys, gone, assume_unique=True)
            if not backend.remove(gone):
                backend = None
        if backend is None or state.encoder != self._encoder:
            backend, keys = self._new_backend(state.encoder.dim), keys[:0]
        last, dim = int(keys[-1]) if len(keys) else 0, state.encoder.dim
        blocks = [keys]
        for new, vectors in blobs.read_vectors_after(db, last, dim):
            backend.add(Block(new, vectors, partial(_read_records, db, new)))
            blocks.append(new)
        keys = np.concatenate(blocks)
        if len(keys) != people.count(db) or not (np.diff(keys) > 0).all():
            raise GalleryDamagedError(f"Vectors of some people are missing, or are of nobody. {REPAIR}")
        self._keys = keys
        self._backend, self._encoder, self._generation = backend, state.encoder, state.generation

    def nearest(
        self, db: sqlite3.Connection, queries: np.ndarray, k: int, where: Where = EVERYBODY
    ) -> list[Hits]:
        """The k best people for each of the queries [Q, D], by score and then by id.

        Raises:
            GalleryDamagedError: a stored vector or record changed since it was written.
        """
        if self._backend is None:
            return [Hits(np.empty(0, dtype=np.float32), ()) for _ in queries]
        accepted = None if where == EVERYBODY else Accepted(where, partial(self._accepted_keys, db, where))
        return find_nearest(db, self._backend, queries, k, accepted)

    def _accepted_keys(self, db: sqlite3.Connection, where: Where) -> np.ndarray:
        """The keys [M] int64 of all whom a filter accepts, rising; a backend has to know each of them."""
        keys = people.keys(db, where)
        rows = np.minimum(np.searchsorted(self._keys, keys), max(0, len(self._keys) - 1))
        if len(keys) and (not (np.diff(keys) > 0).all() or (self._keys[rows] != keys).any()):
            raise GalleryDamagedError(f"An index of the gallery names people whom nobody knows. {REPAIR}")
        return keys

    def sample(self, db: sqlite3.Connection, n: int) -> np.ndarray:
        """The vectors [min(n, N), D] float32 of people at equal distances in the order of adding.

        Raises:
            GalleryDamagedError: a stored vector changed since it was written.
        """
        if self._encoder is None:
            return np.empty((0, 0), dtype=np.float32)
        count = len(self._keys)
        rows = np.linspace(0, max(0, count - 1), min(n, count)).astype(np.int64)
        return blobs.read_vectors(db, self._keys[rows].tolist(), self._encoder.dim)


def _read_records(db: sqlite3.Connection, keys: np.ndarray) -> list[Record]:
    """The records of these people, in the order of the keys."""
    stored = people.read_records(db, keys.tolist())
    return [stored[key] for key in keys.tolist()]
