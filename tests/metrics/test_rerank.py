from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from textreid.metrics.rerank import reranked_scores

from . import oracles


def people(seed: int, persons: int, pictures: int, dim: int = 6, spread: float = 0.4) -> np.ndarray:
    """[persons * pictures, dim] unit vectors in clusters, shuffled."""
    draw = np.random.default_rng(seed)
    centres = np.repeat(draw.normal(size=(persons, dim)), pictures, axis=0)
    vectors = draw.permutation(centres + spread * draw.normal(size=centres.shape))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("k1", "k2", "weight"), [(20, 6, 0.3), (7, 3, 0.3), (4, 1, 0.0), (5, 2, 1.0)])
def test_equal_to_the_papers_equations(seed, k1, k2, weight):
    vectors = people(seed, persons=9, pictures=5)
    expected = oracles.rerank(vectors.tolist(), 12, k1, k2, weight)
    ours = reranked_scores(vectors[:12], vectors[12:], k1=k1, k2=k2, weight=weight, at_once=300)
    assert np.concatenate(list(ours)) == pytest.approx(np.array(expected), abs=2e-5)


def test_fewer_pictures_than_neighbours():
    vectors = people(0, persons=2, pictures=2)
    expected = oracles.rerank(vectors.tolist(), 1, 20, 6, 0.3)
    assert np.concatenate(list(reranked_scores(vectors[:1], vectors[1:]))) == pytest.approx(
        np.array(expected), abs=2e-5
    )


def test_identical_pictures_are_finite_and_best():
    same = np.tile(people(0, 1, 1), (4, 1))
    scores = np.concatenate(list(reranked_scores(same[:1], same[1:])))
    assert scores == pytest.approx(np.ones((1, 3)), abs=1e-5)


def test_memory_stays_far_below_the_full_matrix():
    vectors = people(0, persons=600, pictures=5, dim=8)
    tracemalloc.start()
    for _ in reranked_scores(vectors[:500], vectors[500:], at_once=2**16):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.6 * 4 * len(vectors) ** 2
