"""Exhaustive search with numpy: no dependency, the oracle for every other backend."""

from __future__ import annotations

import numpy as np

from textreid_index.backends._contract import Accepted, Block, VectorBackend

SCORES_AT_ONCE = 1 << 24
"""Scores held at a time: 64 MiB."""


class Backend(VectorBackend):
    """All inner products, then the k largest."""

    exact = True

    def __init__(self, dim: int) -> None:
        self._keys = np.empty(0, dtype=np.int64)
        self._buffer = np.empty((0, dim), dtype=np.float32)

    def add(self, block: Block) -> None:
        """Append the vectors, doubling the buffer when it is full."""
        start, end = len(self._keys), len(self._keys) + len(block.keys)
        if end > len(self._buffer):
            grown = np.empty((max(end, 2 * start), self._buffer.shape[1]), dtype=np.float32)
            grown[:start] = self._buffer[:start]
            self._buffer = grown
        self._buffer[start:end] = block.vectors
        self._keys = np.concatenate([self._keys, block.keys])

    def remove(self, keys: np.ndarray) -> bool:
        """Copy the vectors of all others."""
        staying = np.flatnonzero(np.isin(self._keys, keys, assume_unique=True, invert=True))
        self._keys, self._buffer = self._keys[staying], self._buffer[staying]
        return True

    def search(self, queries: np.ndarray, k: int, accepted: Accepted | None) -> tuple[np.ndarray, np.ndarray]:
        """The k people of largest inner product for each query."""
        keys, matrix = self._keys, self._buffer[: len(self._keys)]
        if accepted is not None:
            rows = np.flatnonzero(np.isin(keys, accepted.keys, assume_unique=True))
            keys, matrix = keys[rows], matrix[rows]
        k = min(k, len(keys))
        scores = np.empty((len(queries), k), dtype=np.float32)
        found = np.empty((len(queries), k), dtype=np.int64)
        step = max(1, SCORES_AT_ONCE // max(1, len(matrix)))
        for start in range(0, len(queries), step):
            block = queries[start : start + step] @ matrix.T
            top = np.argpartition(block, len(matrix) - k, axis=1)[:, len(matrix) - k :]
            top = np.take_along_axis(top, np.argsort(-np.take_along_axis(block, top, 1), axis=1), 1)
            scores[start : start + step] = np.take_along_axis(block, top, 1)
            found[start : start + step] = keys[top]
        return scores, found
