from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tests.helpers import ranking_oracles as oracles
from textreid.metrics.rerank import cross_modal_scores, reranked_scores


def people(seed: int, persons: int, images: int, dim: int = 6, spread: float = 0.4) -> np.ndarray:
    """[persons * images, dim] unit vectors in clusters, shuffled."""
    draw = np.random.default_rng(seed)
    centres = np.repeat(draw.normal(size=(persons, dim)), images, axis=0)
    vectors = draw.permutation(centres + spread * draw.normal(size=centres.shape))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("k1", "k2", "weight"), [(20, 6, 0.3), (7, 3, 0.3), (4, 1, 0.0), (5, 2, 1.0)])
def test_equal_to_the_papers_equations(seed, k1, k2, weight):
    vectors = people(seed, persons=9, images=5)
    expected = oracles.rerank(vectors.tolist(), 12, k1, k2, weight)
    ours = reranked_scores(vectors[:12], vectors[12:], k1=k1, k2=k2, weight=weight, at_once=300)
    assert np.concatenate(list(ours)) == pytest.approx(np.array(expected), abs=2e-5)


def test_fewer_images_than_neighbours():
    vectors = people(0, persons=2, images=2)
    expected = oracles.rerank(vectors.tolist(), 1, 20, 6, 0.3)
    assert np.concatenate(list(reranked_scores(vectors[:1], vectors[1:]))) == pytest.approx(
        np.array(expected), abs=2e-5
    )


def test_identical_images_are_finite_and_best():
    same = np.tile(people(0, 1, 1), (4, 1))
    scores = np.concatenate(list(reranked_scores(same[:1], same[1:])))
    assert scores == pytest.approx(np.ones((1, 3)), abs=1e-5)


def test_memory_stays_far_below_the_full_matrix():
    vectors = people(0, persons=600, images=5, dim=8)
    tracemalloc.start()
    for _ in reranked_scores(vectors[:500], vectors[500:], at_once=2**16):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.6 * 4 * len(vectors) ** 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("k1", "k2", "weight"), [(10, 3, 0.7), (5, 1, 0.3), (50, 6, 0.5)])
def test_across_modalities_the_gallery_alone_decides_the_neighbourhoods(seed, k1, k2, weight):
    gallery, queries = people(seed, persons=8, images=4), people(seed + 50, persons=5, images=1)
    expected = oracles.cross_rerank(queries.tolist(), gallery.tolist(), k1, k2, weight)
    ours = cross_modal_scores(queries, gallery, k1=k1, k2=k2, weight=weight, at_once=100)
    assert np.concatenate(list(ours)) == pytest.approx(np.array(expected), abs=2e-5)


def test_across_modalities_no_query_sees_another():
    gallery, queries = people(0, persons=8, images=4), people(9, persons=6, images=1)
    together = np.concatenate(list(cross_modal_scores(queries, gallery)))
    alone = [np.concatenate(list(cross_modal_scores(queries[[q]], gallery)))[0] for q in range(6)]
    assert together == pytest.approx(np.array(alone), abs=1e-6)
