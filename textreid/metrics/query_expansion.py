"""Better queries from the same vectors: several images of a person, or a query joined by what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from textreid.metrics.ranking import SCORES_AT_ONCE

Pooling = Literal["mean", "max"]


def expand_queries(
    queries: np.ndarray,
    gallery: np.ndarray,
    *,
    top: int = 3,
    alpha: float = 3.0,
    own: np.ndarray | None = None,
) -> np.ndarray:
    """Query expansion: each query plus its `top` best of the gallery, weighed by their cosine to the α.

    α = 0 is average query expansion (Chum et al., ICCV 2007), α = 3 the usual α-QE (Radenović et al., TPAMI
    2018), for which negative cosines weigh nothing.

    Args:
        queries: [Q, D] float32, unit norm.
        gallery: [G, D] float32, unit norm.
        top: gallery items that join each query; a smaller gallery joins whole.
        alpha: ≥ 0.
        own: [Q] int, place of each query in the gallery, where it does not join itself; None: not there.

    Returns:
        [Q, D] float32, unit norm.
    """
    rows, top = max(1, SCORES_AT_ONCE // len(gallery)), min(top, len(gallery) - (own is not None))
    expanded = []
    for start in range(0, len(queries), rows):
        some = queries[start : start + rows]
        scores = some @ gallery.T
        if own is not None:
            scores[np.arange(len(some)), own[start : start + rows]] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        weights = np.maximum(np.take_along_axis(scores, best, axis=1), 0) ** np.float32(alpha)
        expanded.append(some + np.einsum("qk,qkd->qd", weights, gallery[best]))
    return unit(np.concatenate(expanded))


def pool_queries(
    queries: np.ndarray, others: np.ndarray, groups: Sequence[np.ndarray], how: Pooling = "mean"
) -> np.ndarray:
    """Multi-query (Zheng et al., ICCV 2015): each query joined by images of the same person and camera.

    Args:
        queries: [Q, D] float32, unit norm.
        others: [M, D] float32, unit norm: the images to join.
        groups: Q arrays [n] int: which of `others` join each query, possibly none.
        how: "mean" or element-wise "max" over the query and those that join it.

    Returns:
        [Q, D] float32, unit norm.
    """
    if how not in ("mean", "max"):
        raise ValueError(f"how must be 'mean' or 'max', not {how!r}")
    joined = (np.vstack([query, others[group]]) for query, group in zip(queries, groups, strict=True))
    pooled = [rows.mean(axis=0) if how == "mean" else rows.max(axis=0) for rows in joined]
    return unit(np.array(pooled, dtype=np.float32).reshape(queries.shape))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1; a row of zeros stays one."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, np.finfo(np.float32).tiny)).astype(np.float32)
