"""Exhaustive search with numpy: no dependency, the oracle for every other backend."""

from __future__ import annotations

import numpy as np

SCORES_AT_ONCE = 1 << 24
"""Scores held at a time: 64 MiB."""


class Backend:
    """All inner products, then the k largest."""

    def __init__(self, dim: int) -> None:
        self._buffer = np.empty((0, dim), dtype=np.float32)
        self._count = 0

    def add(self, vectors: np.ndarray) -> None:
        """Append [N, D] rows, doubling the buffer when it is full."""
        end = self._count + len(vectors)
        if end > len(self._buffer):
            grown = np.empty((max(end, 2 * self._count), self._buffer.shape[1]), dtype=np.float32)
            grown[: self._count] = self._buffer[: self._count]
            self._buffer = grown
        self._buffer[self._count : end] = vectors
        self._count = end

    def keep(self, rows: np.ndarray) -> None:
        """Keep only these rows, in their order."""
        self._buffer = self._buffer[rows]
        self._count = len(rows)

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of these rows."""
        return self._buffer[rows]

    def search(self, queries: np.ndarray, k: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of largest inner product for each query; `mask` says which may be returned."""
        rows = np.arange(self._count) if mask is None else np.flatnonzero(mask)
        matrix = self._buffer[: self._count] if mask is None else self._buffer[rows]
        scores = np.empty((len(queries), k), dtype=np.float32)
        found = np.empty((len(queries), k), dtype=np.int64)
        step = max(1, SCORES_AT_ONCE // max(1, len(matrix)))
        for start in range(0, len(queries), step):
            block = queries[start : start + step] @ matrix.T
            top = np.argpartition(block, len(matrix) - k, axis=1)[:, len(matrix) - k :]
            top = np.take_along_axis(top, np.argsort(-np.take_along_axis(block, top, 1), axis=1), 1)
            scores[start : start + step] = np.take_along_axis(block, top, 1)
            found[start : start + step] = rows[top]
        return scores, found
