"""Who looks like whom where nobody is named: clusters that stand for identities.

k-means with its reliable members: Fan et al., "Unsupervised Person Re-identification: Clustering and
Fine-tuning" (PUL), TOMM 2018. DBSCAN on k-reciprocal Jaccard distances (Zhong et al., CVPR 2017): as SpCL (Ge
et al., NeurIPS 2020) and Cluster Contrast (Dai et al., ACCV 2022) use it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.cluster import DBSCAN, KMeans

from textreid.metrics.k_reciprocal import encode, expand, nearest, overlap

AT_ONCE = 1 << 24
"""Entries of a matrix of distances that are held at once."""
NOISE = -1
"""The cluster of what belongs to none."""


def kmeans_clusters(vectors: np.ndarray, count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """[N] int64 clusters, and [K] int64, the row nearest to the mean of each, which stands for it.

    Args:
        vectors: [N, D] float32, unit norm.
        count: K; N where there are fewer rows.
        seed: of the first means.
    """
    found = KMeans(min(count, len(vectors)), n_init=1, random_state=seed).fit(vectors)
    centres = found.cluster_centers_ / np.linalg.norm(found.cluster_centers_, axis=1, keepdims=True)
    cosines = vectors @ centres.T
    cosines[found.labels_[:, None] != np.arange(len(centres))] = -np.inf  # a member stands for a cluster
    return found.labels_.astype(np.int64), cosines.argmax(axis=0)


def select_reliable(
    vectors: np.ndarray, clusters: np.ndarray, centres: np.ndarray, least: float
) -> np.ndarray:
    """[N] int64, the clusters of rows whose cosine to the one that stands for theirs is above a bound.

    Args:
        vectors: [N, D] float32, unit norm.
        clusters: [N] int64.
        centres: [K] int64, the row that stands for each.
        least: the bound.

    Returns:
        `NOISE` for the others.
    """
    cosines = np.einsum("nd,nd->n", vectors, vectors[centres][clusters])
    return np.where(cosines > least, clusters, NOISE)


def dbscan_clusters(
    vectors: np.ndarray, *, radius: float = 0.6, least: int = 4, k1: int = 30, k2: int = 6
) -> np.ndarray:
    """[N] int64, clusters of rows that are dense by their Jaccard distances; `NOISE` for the others.

    Args:
        vectors: [N, D] float32, unit norm.
        radius: how far apart neighbours may be, from 0 to 1.
        least: rows within the radius, itself among them, that make one the core of a cluster.
        k1: size of the reciprocal neighbourhoods.
        k2: neighbours averaged in the local query expansion.
    """
    distances = jaccard_distances(vectors, radius=radius, k1=k1, k2=k2)
    labels = DBSCAN(eps=radius, min_samples=least, metric="precomputed").fit(distances).labels_
    return labels.astype(np.int64)


def jaccard_distances(vectors: np.ndarray, *, radius: float, k1: int, k2: int) -> sparse.csr_matrix:
    """[N, N] float32, 1 - Σ min(V(a), V(b)) / Σ max(V(a), V(b)) of the pairs within the radius alone.

    V is that of k-reciprocal re-ranking (`textreid.metrics.rerank`).

    Args:
        vectors: [N, D] float32, unit norm.
        radius: pairs that are farther apart are left out.
        k1: size of the reciprocal neighbourhoods.
        k2: neighbours averaged in the local query expansion.
    """
    rows = max(1, AT_ONCE // len(vectors))
    places, scale = nearest(vectors, min(k1 + 1, len(vectors)), rows)
    features = expand(encode(vectors, places, scale, k1, rows), places[:, :k2])
    inverted, found = features.tocsc(), []
    for row in range(len(vectors)):
        shared = overlap(features, row, inverted)
        distances = 1 - shared / (2 - shared)
        near = (distances <= radius).nonzero()[0]
        kept = np.maximum(distances[near], np.float32(1e-6))  # a zero would be no entry
        found.append(sparse.csr_matrix((kept, near, [0, len(near)]), shape=(1, len(vectors))))
    return sparse.vstack(found, format="csr")


def purity(clusters: Sequence[int], people: Sequence[int | None]) -> float | None:
    """The fraction of clustered crops that show whom most of their cluster show; None where nobody is known.

    Args:
        clusters: of each crop; `NOISE` does not count.
        people: who is shown, as far as that is known; None and junk do not count.
    """
    members: dict[int, Counter[int]] = {}
    for cluster, person in zip(clusters, people, strict=True):
        if cluster != NOISE and person is not None and person >= 0:
            members.setdefault(int(cluster), Counter())[person] += 1
    total = sum(sum(counts.values()) for counts in members.values())
    return sum(max(counts.values()) for counts in members.values()) / total if total else None


def numbered(clusters: np.ndarray) -> list[int]:
    """The clusters numbered from 0 without gaps, `NOISE` as it is."""
    kept = {cluster: place for place, cluster in enumerate(sorted(set(clusters.tolist()) - {NOISE}))}
    return [kept.get(cluster, NOISE) for cluster in clusters.tolist()]
