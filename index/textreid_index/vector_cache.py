"""The vectors of a gallery in memory, kept in step with the file by its generation number."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from textreid_index.backends import VectorBackend
from textreid_index.embeddings import EncoderInfo
from textreid_index.hits import Hits
from textreid_index.store import people_table as people
from textreid_index.store.schema import State

SPARE = 16
"""Candidates asked for beyond k, so that one round nearly always settles ties at rank k."""

ROWS_AT_ONCE = 8192


class VectorCache:
    """A search backend and the keys of its rows; for one thread at a time."""

    def __init__(self, backend: type[VectorBackend]) -> None:
        self._new_backend = backend
        self._backend: VectorBackend | None = None
        self._encoder: EncoderInfo | None = None
        self._generation = -1
        self.keys = np.empty(0, dtype=np.int64)

    def refresh(self, db: sqlite3.Connection, state: State) -> None:
        """Bring the cache to the generation of the current read transaction, reading only what is new.

        Raises:
            GalleryDamagedError: a stored vector changed since it was written.
        """
        if state.encoder is None or state.generation == self._generation:
            return
        backend, self._backend = self._backend, None  # an exception on the way leaves nothing half-filled
        if backend is None or state.encoder != self._encoder:
            backend, keys = self._new_backend(state.encoder.dim), self.keys[:0]
        elif state.removed_at > self._generation:
            stored = [key for (key,) in db.execute("SELECT key FROM people")]
            rows = np.flatnonzero(np.isin(self.keys, np.array(stored, dtype=np.int64), assume_unique=True))
            backend.keep(rows)
            keys = self.keys[rows]
        else:
            keys = self.keys
        blocks = [keys]
        for new_keys, vectors in people.vectors_after(
            db, int(keys[-1]) if len(keys) else 0, state.encoder.dim
        ):
            backend.add(vectors)
            blocks.append(new_keys)
        self.keys = np.concatenate(blocks)
        self._backend, self._encoder, self._generation = backend, state.encoder, state.generation

    def mask(self, keys: Sequence[int]) -> np.ndarray:
        """Which rows have one of these keys: [N] bool."""
        mask = np.zeros(len(self.keys), dtype=bool)
        mask[np.searchsorted(self.keys, keys)] = True
        return mask

    def sample(self, n: int) -> np.ndarray:
        """The vectors [min(n, N), D] of rows at equal distances."""
        if self._backend is None or not len(self.keys):
            return np.empty((0, self._encoder.dim if self._encoder else 0), dtype=np.float32)
        return self._backend.take(np.linspace(0, len(self.keys) - 1, min(n, len(self.keys))).astype(np.int64))

    def nearest(
        self, db: sqlite3.Connection, queries: np.ndarray, k: int, mask: np.ndarray | None
    ) -> list[Hits]:
        """The k best people for each of the queries [Q, D], by score and then by id.

        The backend proposes candidates with float32 scores that depend on its order of summation. They are
        scored again in float64, and more are asked for while one left out could still belong among the k.
        """
        count = len(self.keys) if mask is None else int(mask.sum())
        k = min(k, count)
        if self._backend is None or k == 0:
            return [Hits(np.empty(0, dtype=np.float32), ()) for _ in queries]
        rounding = queries.shape[1] * float(np.finfo(np.float32).eps)
        settled: dict[int, Hits] = {}
        wanted = min(count, k + SPARE)
        while missing := [place for place in range(len(queries)) if place not in settled]:
            rough, rows = self._backend.search(np.ascontiguousarray(queries[missing]), wanted, mask)
            records = people.records_of(db, self.keys[np.unique(rows)].tolist())
            for place, candidates, lowest in zip(missing, rows, rough[:, -1], strict=True):
                found = [records[key] for key in self.keys[candidates].tolist()]
                scores = self._scores(candidates, queries[place])
                best = np.lexsort((np.array([person.id for person in found]), -scores))[:k]
                if wanted == count or lowest < scores[best[-1]] - rounding:
                    settled[place] = Hits(scores[best].clip(-1, 1), tuple(found[row] for row in best))
            wanted = min(count, 4 * wanted)
        return [settled[place] for place in range(len(queries))]

    def _scores(self, rows: np.ndarray, query: np.ndarray) -> np.ndarray:
        """Inner products [M] float32, summed in float64 in the same order whatever the backend."""
        assert self._backend is not None
        blocks = np.split(rows, range(ROWS_AT_ONCE, len(rows), ROWS_AT_ONCE))
        exact = [(self._backend.take(block) * query.astype(np.float64)).sum(axis=1) for block in blocks]
        return np.concatenate(exact).astype(np.float32)
