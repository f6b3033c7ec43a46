"""Clusters of unlabelled crops: planted ones are found, distances against a definition in loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from textreid.training.mining.clusters import (
    NOISE,
    dbscan_clusters,
    jaccard_distances,
    kmeans_clusters,
    numbered,
    purity,
    select_reliable,
)


def planted(people: int, each: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around one direction for each person, and whom each shows."""
    random = np.random.default_rng(seed)
    shown = np.repeat(np.arange(people), each)
    vectors = random.normal(size=(people, 16))[shown] + spread * random.normal(size=(people * each, 16))
    order = random.permutation(len(shown))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit[order].astype(np.float32), shown[order]


def test_planted_people_are_found_by_means() -> None:
    vectors, shown = planted(8, 10, 0.2)
    clusters, centres = kmeans_clusters(vectors, 8, seed=3)
    assert purity(clusters, shown.tolist()) == 1
    assert sorted(clusters[centres].tolist()) == list(range(8))
    for cluster, centre in enumerate(centres):  # the member nearest to the mean stands for its cluster
        members = vectors[clusters == cluster]
        nearest = members[(members @ members.mean(axis=0)).argmax()]
        np.testing.assert_array_equal(vectors[centre], nearest)


def test_the_bound_selects_from_all_to_none() -> None:
    vectors, _ = planted(5, 8, 0.6)
    clusters, centres = kmeans_clusters(vectors, 5, seed=0)
    kept = [
        int((select_reliable(vectors, clusters, centres, least) != NOISE).sum())
        for least in (-1.01, 0.6, 0.8, 0.95, 1.01)
    ]
    assert kept[0] == 40
    assert kept == sorted(kept, reverse=True)
    assert kept[3] >= 5  # who stands for a cluster is in it
    assert kept[4] == 0


def test_a_row_is_selected_by_its_own_cosine() -> None:
    angles = np.radians([0, 10, 40, 180, 200])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = select_reliable(vectors, np.array([0, 0, 0, 1, 1]), np.array([0, 3]), math.cos(math.radians(30)))
    assert found.tolist() == [0, 0, NOISE, 1, 1]


def dense_jaccard(vectors: np.ndarray, k1: int, k2: int) -> np.ndarray:
    """As in the paper, in sets and loops."""
    count = len(vectors)
    squared = [[float(((a - b) ** 2).sum()) for b in vectors] for a in vectors]
    order = [sorted(range(count), key=lambda other, row=row: (row[other], other)) for row in squared]
    for place, row in enumerate(order):  # itself first, whatever rounding says
        row.remove(place)
        row.insert(0, place)

    def reciprocal(place: int, k: int) -> set[int]:
        return {other for other in order[place][: k + 1] if place in order[other][: k + 1]}

    weights = []
    for place in range(count):
        members = set(reciprocal(place, k1))
        for other in reciprocal(place, k1):
            theirs = reciprocal(other, round(k1 / 2))
            if len(theirs & reciprocal(place, k1)) > 2 / 3 * len(theirs):
                members |= theirs
        kernel = {other: math.exp(-squared[place][other] / max(squared[place])) for other in members}
        weights.append([kernel.get(other, 0) / sum(kernel.values()) for other in range(count)])
    expanded = [np.mean([weights[other] for other in order[place][:k2]], axis=0) for place in range(count)]
    return np.array(
        [[1 - np.minimum(a, b).sum() / np.maximum(a, b).sum() for b in expanded] for a in expanded]
    )


@pytest.mark.parametrize(("k1", "k2"), [(4, 2), (6, 3), (30, 6)])
def test_jaccard_distances_against_sets_and_loops(k1: int, k2: int) -> None:
    vectors, _ = planted(4, 5, 0.5)
    expected = dense_jaccard(vectors.astype(np.float64), k1, k2)
    found = jaccard_distances(vectors, radius=0.7, k1=k1, k2=k2).toarray()
    near = expected <= 0.7
    np.testing.assert_allclose(found[near], np.maximum(expected, 1e-6)[near], atol=1e-5)
    assert not found[~near].any()


def test_planted_people_are_dense_and_strangers_are_noise() -> None:
    vectors, shown = planted(6, 12, 0.25)
    stranger = np.linalg.qr(np.random.default_rng(9).normal(size=(16, 16)))[0][:2].astype(np.float32)
    clusters = dbscan_clusters(np.concatenate([vectors, stranger]), radius=0.4, least=4, k1=10, k2=3)
    assert set(clusters[-2:].tolist()) == {NOISE}
    assert purity(clusters[:-2], shown.tolist()) == 1
    assert len(set(clusters.tolist()) - {NOISE}) == 6
    assert (clusters[:-2] != NOISE).mean() > 0.9


def test_purity_by_hand() -> None:
    """Two of three in cluster 0, one of one in cluster 1; noise, nobody known and junk do not count."""
    assert purity([0, 0, 0, 1, NOISE, 1, 1], [7, 7, 8, 9, 9, None, -1]) == pytest.approx(3 / 4)
    assert purity([0, 1], [None, None]) is None


def test_clusters_are_numbered_without_gaps() -> None:
    assert numbered(np.array([5, NOISE, 2, 5])) == [1, NOISE, 0, 1]
