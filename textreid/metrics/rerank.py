"""k-reciprocal re-ranking (Zhong et al., CVPR 2017, arXiv:1701.08398), sparse and a few rows at a time.

Two images that are among each other's nearest neighbours, and whose neighbours agree, show the same person
more often than their distance alone says. All N = Q + G images vote, so scores depend on the whole test
set: compare re-ranked results only with re-ranked results.

With d the squared Euclidean distance of unit vectors, each row of it divided by its largest entry, and
N(p, k) the k nearest of p, p itself first:

1. R(p, k) = {g in N(p, k+1) : p in N(g, k+1)}, the k-reciprocal neighbours.
2. R*(p) = R(p, k1) joined with every R(c, k1/2), c in R(p, k1), of which more than two thirds lie in R(p, k1)
   (as in the authors' code; the paper's equation 2 also takes exactly two thirds).
3. V(p, g) = exp(-d(p, g)) on R*(p), 0 elsewhere, rows scaled to sum 1.
4. V(p) = mean of V(g) over g in N(p, k2), the local query expansion.
5. J(q, g) = 1 - Σ min(V(q), V(g)) / Σ max(V(q), V(g)), and the score is 1 - (1-λ) J(q, g) - λ d(q, g).

A text lies nearer to other texts than to any image (the modality gap: Liang et al., NeurIPS 2022),
so among texts and images together its neighbourhood would hold texts, and seldom be reciprocal.
`cross_modal_scores` therefore looks for neighbourhoods in the gallery alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from textreid.metrics.k_reciprocal import FLAT, encode, expand, nearest, overlap, rows_of
from textreid.metrics.ranking import SCORES_AT_ONCE


def reranked_scores(
    queries: np.ndarray,
    gallery: np.ndarray,
    *,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    at_once: int = SCORES_AT_ONCE,
) -> Iterator[np.ndarray]:
    """Re-ranked scores of every query against the gallery, some queries at a time; one modality.

    No [N, N] matrix is ever held: memory grows with N (k1 + D), not with N².

    Args:
        queries: [Q, D] float32, unit norm.
        gallery: [G, D] float32, unit norm.
        k1: size of the reciprocal neighbourhoods.
        k2: neighbours averaged in the local query expansion.
        weight: λ, the fraction of the original distance.
        at_once: entries of the distance matrix that are held at once, at most (but never less than a row).

    Yields:
        [q, G] float32 in [0, 1], larger is better.
    """
    images = np.concatenate([queries, gallery])
    rows = max(1, at_once // len(images))
    places, scale = nearest(images, min(k1 + 1, len(images)), rows)
    features = expand(encode(images, places, scale, k1, rows), places[:, :k2])
    inverted = features[len(queries) :].tocsc()
    yield from _blend(queries, gallery, features, inverted, scale[: len(queries)], weight, rows)


def cross_modal_scores(
    queries: np.ndarray,
    gallery: np.ndarray,
    *,
    k1: int = 10,
    k2: int = 3,
    weight: float = 0.7,
    at_once: int = SCORES_AT_ONCE,
) -> Iterator[np.ndarray]:
    """Re-ranked scores of texts against images, or of images against texts.

    V(g) is that of `reranked_scores` over the gallery alone. A query has no reciprocal neighbours there, so
    V(q) takes its k1 nearest of the gallery as they are, and step 4 averages it with the k2-1 nearest's. No
    query sees another, so a single search gives the same scores as a whole test set.

    The defaults were chosen with the pocket model on the validation split of CUHK-PEDES.

    Args:
        queries: [Q, D] float32, unit norm.
        gallery: [G, D] float32, unit norm.
        k1: size of the neighbourhoods.
        k2: rows averaged in the local query expansion, the query's own among them.
        weight: λ, the fraction of the original distance.
        at_once: scores that are held at once, at most (but never less than one query's).

    Yields:
        [q, G] float32 in [0, 1], larger is better.
    """
    rows = max(1, at_once // len(gallery))
    places, scale = nearest(gallery, min(k1 + 1, len(gallery)), rows)
    features = expand(encode(gallery, places, scale, k1, rows), places[:, :k2])
    inverted = features.tocsc()
    for start in range(0, len(queries), rows):
        some = queries[start : start + rows]
        mine, scale = _gallery_side(some @ gallery.T, features, min(k1, len(gallery)), k2)
        yield from _blend(some, gallery, mine, inverted, scale, weight, rows)


def _gallery_side(
    scores: np.ndarray, features: sparse.csr_array, k1: int, k2: int
) -> tuple[sparse.csr_array, np.ndarray]:
    """V of queries with `scores` [q, G] against the gallery whose V is `features`; and their scale [q]."""
    order = np.argsort(-scores, axis=1, kind="stable")
    first = order[:, :k1]
    distance = 2 - 2 * np.take_along_axis(scores, first, axis=1)
    scale = np.maximum(2 - 2 * scores.min(axis=1), FLAT)
    kernel = np.exp(-distance / scale[:, None])
    kernel /= kernel.sum(axis=1, keepdims=True)
    others = order[:, : k2 - 1]
    share = np.float32(1 / (1 + others.shape[1]))
    own = rows_of(first, share * kernel, len(features.indptr) - 1)
    theirs = rows_of(others, np.full(others.shape, share), len(features.indptr) - 1)
    return (own + theirs @ features).tocsr(), scale


def _blend(
    queries: np.ndarray,
    gallery: np.ndarray,
    features: sparse.csr_array,
    inverted: sparse.csc_array,
    scale: np.ndarray,
    weight: float,
    rows: int,
) -> Iterator[np.ndarray]:
    """Step 5, for the V of the queries (the first rows of `features`) and of the gallery (`inverted`)."""
    for start in range(0, len(queries), rows):
        stop = min(start + rows, len(queries))
        scores = queries[start:stop] @ gallery.T
        scores -= 1
        scores *= 2 * weight / scale[start:stop, None]
        scores += weight  # λ (1 - d): the whole score where neighbourhoods share nothing
        for row, query in zip(scores, range(start, stop), strict=True):
            shared = overlap(features, query, inverted)
            row += (1 - weight) * shared / (2 - shared)
        yield scores
