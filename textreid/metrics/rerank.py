"""k-reciprocal re-ranking (Zhong et al., CVPR 2017, arXiv:1701.08398), sparse and a few rows at a time.

Two pictures that are among each other's nearest neighbours, and whose neighbours agree, show the same person
more often than their distance alone says. All N = Q + G pictures vote, so scores depend on the whole test
set: compare re-ranked results only with re-ranked results.

With d the squared Euclidean distance of unit vectors, each row of it divided by its largest entry, and
N(p, k) the k nearest of p, p itself first:

1. R(p, k) = {g in N(p, k+1) : p in N(g, k+1)}, the k-reciprocal neighbours.
2. R*(p) = R(p, k1) joined with every R(c, k1/2), c in R(p, k1), of which more than two thirds lie in R(p, k1)
   (as in the authors' code; the paper's equation 2 also takes exactly two thirds).
3. V(p, g) = exp(-d(p, g)) on R*(p), 0 elsewhere, rows scaled to sum 1.
4. V(p) = mean of V(g) over g in N(p, k2), the local query expansion.
5. J(q, g) = 1 - Σ min(V(q), V(g)) / Σ max(V(q), V(g)), and the score is 1 - (1-λ) J(q, g) - λ d(q, g).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from textreid.metrics.ranking import SCORES_AT_ONCE

FLAT = np.float32(1e-4)
"""Largest squared distances below this are rounding: all pictures are the same, and none is far."""


def reranked_scores(
    queries: np.ndarray,
    gallery: np.ndarray,
    *,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    at_once: int = SCORES_AT_ONCE,
) -> Iterator[np.ndarray]:
    """Re-ranked scores of every query against the gallery, some queries at a time.

    No [N, N] matrix is ever held: memory grows with N (k1 + D), not with N².

    Args:
        queries: [Q, D] float32, unit norm.
        gallery: [G, D] float32, unit norm.
        k1: size of the reciprocal neighbourhoods.
        k2: neighbours averaged in the local query expansion.
        weight: λ, the share of the original distance.
        at_once: entries of the distance matrix that are held at once, at most (but never less than a row).

    Yields:
        [q, G] float32 in [0, 1], larger is better.
    """
    pictures = np.concatenate([queries, gallery])
    count, rows = len(queries), max(1, at_once // len(pictures))
    nearest, scale = _nearest(pictures, min(k1 + 1, len(pictures)), rows)
    features = _expand(_encode(pictures, nearest, scale, k1, rows), nearest[:, :k2])
    inverted = features[count:].tocsc()
    for start in range(0, count, rows):
        stop = min(start + rows, count)
        scores = queries[start:stop] @ gallery.T
        scores -= 1
        scores *= 2 * weight / scale[start:stop, None]
        scores += weight  # λ (1 - d): the whole score where neighbourhoods share nothing
        for row, query in zip(scores, range(start, stop), strict=True):
            overlap = _overlap(features, query, inverted)
            row += (1 - weight) * overlap / (2 - overlap)
        yield scores


def _nearest(pictures: np.ndarray, k: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of every picture, itself first, then by distance and place; and its largest distance.

    Which of several pictures exactly as far as the k-th is among them, is left to numpy's partition.

    Returns:
        [N, k] int64 and [N] float32.
    """
    nearest = np.empty((len(pictures), k), dtype=np.int64)
    scale = np.empty(len(pictures), dtype=np.float32)
    for start in range(0, len(pictures), rows):
        scores = pictures[start : start + rows] @ pictures.T
        own = np.arange(len(scores))
        scale[start : start + rows] = 2 - 2 * scores.min(axis=1)
        scores[own, start + own] = np.inf
        top = np.sort(np.argpartition(scores, len(pictures) - k, axis=1)[:, len(pictures) - k :], axis=1)
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        nearest[start : start + rows] = np.take_along_axis(top, order, axis=1)
    return nearest, np.maximum(scale, FLAT)


def _reciprocal(nearest: np.ndarray) -> sparse.csr_array:
    """[N, N] 0/1 matrix of the pairs that hold each other in `nearest` [N, k]."""
    neighbours = _rows(nearest, np.ones(nearest.shape, dtype=np.int32))
    return neighbours.multiply(neighbours.T).tocsr()


def _encode(
    pictures: np.ndarray, nearest: np.ndarray, scale: np.ndarray, k1: int, rows: int
) -> sparse.csr_array:
    """Steps 1 to 3: the [N, N] sparse float32 V, rows of sum 1."""
    reciprocal = _reciprocal(nearest)
    half = _reciprocal(nearest[:, : round(k1 / 2) + 1])
    sizes = half.sum(axis=1)
    parts = []
    for start in range(0, len(pictures), rows):
        mine = reciprocal[start : start + rows]
        joins = (mine @ half.T).multiply(mine).tocsr()
        joins.data = (3 * joins.data > 2 * sizes[joins.indices]).astype(np.int32)
        joins.eliminate_zeros()
        members = (mine + joins @ half).tocoo()
        left = pictures[start + members.row]
        distance = 2 - 2 * np.einsum("nd,nd->n", left, pictures[members.col])
        kernel = np.exp(-distance / scale[start + members.row])
        total = np.bincount(members.row, kernel, minlength=mine.shape[0])
        weights = (kernel / total[members.row]).astype(np.float32)
        parts.append(sparse.csr_array((weights, (members.row, members.col)), shape=mine.shape))
    return sparse.vstack(parts, format="csr")


def _expand(features: sparse.csr_array, nearest: np.ndarray) -> sparse.csr_array:
    """Step 4: each row becomes the mean of the rows of its nearest."""
    return _rows(nearest, np.full(nearest.shape, 1 / nearest.shape[1], dtype=np.float32)) @ features


def _rows(columns: np.ndarray, values: np.ndarray) -> sparse.csr_array:
    """[N, N] sparse matrix with `values` [N, k] at `columns` [N, k] of each row."""
    count, k = columns.shape
    bounds = np.arange(0, count * k + 1, k)
    return sparse.csr_array((values.ravel(), columns.ravel(), bounds), shape=(count, count))


def _overlap(features: sparse.csr_array, query: int, inverted: sparse.csc_array) -> np.ndarray:
    """Σ min(V(q), V(g)) of one row of `features` and each of the gallery's rows [G, N]: [G] float32."""
    mine = slice(features.indptr[query], features.indptr[query + 1])
    columns = features.indices[mine]
    starts, stops = inverted.indptr[columns], inverted.indptr[columns + 1]
    lengths = stops - starts
    places = np.repeat(stops - np.cumsum(lengths), lengths) + np.arange(lengths.sum())
    smaller = np.minimum(np.repeat(features.data[mine], lengths), inverted.data[places])
    return np.bincount(inverted.indices[places], smaller, inverted.shape[0]).astype(np.float32)
