"""Neighbourhoods as sparse rows: the parts that k-reciprocal re-ranking is made of, a few rows at a time."""

from __future__ import annotations

import numpy as np
from scipy import sparse

FLAT = np.float32(1e-4)
"""Largest squared distances below this are rounding: all images are the same, and none is far."""


def nearest(images: np.ndarray, k: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of every image, itself first, then by distance and place; and its largest distance.

    Which of several images exactly as far as the k-th is among them, is left to numpy's partition.

    Returns:
        [N, k] int64 and [N] float32.
    """
    nearest = np.empty((len(images), k), dtype=np.int64)
    scale = np.empty(len(images), dtype=np.float32)
    for start in range(0, len(images), rows):
        scores = images[start : start + rows] @ images.T
        own = np.arange(len(scores))
        scale[start : start + rows] = 2 - 2 * scores.min(axis=1)
        scores[own, start + own] = np.inf
        top = np.sort(np.argpartition(scores, len(images) - k, axis=1)[:, len(images) - k :], axis=1)
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        nearest[start : start + rows] = np.take_along_axis(top, order, axis=1)
    return nearest, np.maximum(scale, FLAT)


def _reciprocal(nearest: np.ndarray) -> sparse.csr_array:
    """[N, N] 0/1 matrix of the pairs that hold each other in `nearest` [N, k]."""
    neighbours = rows_of(nearest, np.ones(nearest.shape, dtype=np.int32), len(nearest))
    return neighbours.multiply(neighbours.T).tocsr()


def encode(
    images: np.ndarray, nearest: np.ndarray, scale: np.ndarray, k1: int, rows: int
) -> sparse.csr_array:
    """How strongly each image belongs to each image's reciprocal neighbourhood: R* and its kernel.

    Args:
        images: [N, D] float32, unit norm.
        nearest: [N, k1 + 1] of `nearest`.
        scale: [N], of `nearest`.
        k1: size of the reciprocal neighbourhoods.
        rows: images at once.

    Returns:
        [N, N] sparse float32, rows of sum 1.
    """
    reciprocal = _reciprocal(nearest)
    half = _reciprocal(nearest[:, : round(k1 / 2) + 1])
    sizes = half.sum(axis=1)
    parts = []
    for start in range(0, len(images), rows):
        mine = reciprocal[start : start + rows]
        joins = (mine @ half.T).multiply(mine).tocsr()
        joins.data = (3 * joins.data > 2 * sizes[joins.indices]).astype(np.int32)
        joins.eliminate_zeros()
        members = (mine + joins @ half).tocoo()
        left = images[start + members.row]
        distance = 2 - 2 * np.einsum("nd,nd->n", left, images[members.col])
        kernel = np.exp(-distance / scale[start + members.row])
        total = np.bincount(members.row, kernel, minlength=mine.shape[0])
        weights = (kernel / total[members.row]).astype(np.float32)
        parts.append(sparse.csr_array((weights, (members.row, members.col)), shape=mine.shape))
    return sparse.vstack(parts, format="csr")


def expand(features: sparse.csr_array, nearest: np.ndarray) -> sparse.csr_array:
    """Each row becomes the mean of the rows of its `nearest` [N, k2]."""
    share = np.full(nearest.shape, 1 / nearest.shape[1], dtype=np.float32)
    return rows_of(nearest, share, len(nearest)) @ features


def rows_of(columns: np.ndarray, values: np.ndarray, width: int) -> sparse.csr_array:
    """[n, width] sparse matrix with `values` [n, k] at `columns` [n, k] of each row."""
    count, k = columns.shape
    bounds = np.arange(0, count * k + 1, k) if k else np.zeros(count + 1, dtype=np.int64)
    return sparse.csr_array((values.ravel(), columns.ravel(), bounds), shape=(count, width))


def overlap(features: sparse.csr_array, query: int, inverted: sparse.csc_array) -> np.ndarray:
    """Σ min(V(q), V(g)) of one row of `features` and each of the gallery's rows [G, N]: [G] float32."""
    mine = slice(features.indptr[query], features.indptr[query + 1])
    columns = features.indices[mine]
    starts, stops = inverted.indptr[columns], inverted.indptr[columns + 1]
    lengths = stops - starts
    places = np.repeat(stops - np.cumsum(lengths), lengths) + np.arange(lengths.sum())
    smaller = np.minimum(np.repeat(features.data[mine], lengths), inverted.data[places])
    return np.bincount(inverted.indices[places], smaller, inverted.shape[0]).astype(np.float32)
