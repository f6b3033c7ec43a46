from __future__ import annotations

import itertools

import numpy as np
import pytest

from textreid.errors import InputError
from textreid.metrics.protocols import text_to_image
from textreid.metrics.single_shot import single_shot


def unit(seed: int, ids: np.ndarray, spread: float = 1.0) -> np.ndarray:
    centres = np.random.default_rng(99).normal(size=(50, 6))
    vectors = centres[ids] + spread * np.random.default_rng(seed).normal(size=(len(ids), 6))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def every_gallery(queries, query_ids, gallery, gallery_ids):
    """The exact means over every gallery that can be drawn, by loops."""
    places = [np.flatnonzero(gallery_ids == person) for person in np.unique(gallery_ids)]
    ranks = []
    for drawn in itertools.product(*places):
        for query, person in zip(queries, query_ids, strict=True):
            scores = {int(gallery_ids[place]): float(query @ gallery[place]) for place in drawn}
            if int(person) in scores:
                ranks.append(1 + sum(score > scores[int(person)] for score in scores.values()))
    return {
        **{f"R{k}": 100 * np.mean([rank <= k for rank in ranks]) for k in (1, 5, 10)},
        "mAP": 100 * np.mean([1 / rank for rank in ranks]),
        "mINP": 100 * np.mean([1 / rank for rank in ranks]),
    }


def test_many_draws_come_near_the_mean_over_every_gallery():
    query_ids = np.array([0, 0, 1, 2, 3, 4, 9])  # nobody of the gallery is person 9
    gallery_ids = np.repeat(np.arange(6), [3, 2, 2, 1, 2, 3])
    sides = unit(1, query_ids), query_ids, unit(2, gallery_ids), gallery_ids
    exact = every_gallery(*sides)
    result = single_shot(*sides, repeats=4000)
    assert {name: result.percent[name] for name in exact} == pytest.approx(exact, abs=1.5)
    assert 0 < exact["R1"] < 100
    assert (result.queries, result.gallery, result.skipped) == (6, 6, 1)


def test_one_image_of_each_is_an_ordinary_search():
    ids = np.arange(20)
    sides = unit(3, ids), ids, unit(4, ids), ids
    once, ordinary = single_shot(*sides), text_to_image(*sides)
    assert once.percent == ordinary.percent
    assert once.ci95 == ordinary.ci95
    assert (once.queries, once.gallery) == (20, 20)


def test_equal_seeds_draw_equal_galleries():
    query_ids, gallery_ids = np.arange(8), np.repeat(np.arange(8), 3)
    sides = unit(5, query_ids), query_ids, unit(6, gallery_ids), gallery_ids
    assert single_shot(*sides, repeats=3) == single_shot(*sides, repeats=3)
    draws = {single_shot(*sides, repeats=1, seed=seed).percent["mAP"] for seed in range(8)}
    assert len(draws) > 1


def test_more_images_of_the_others_do_not_make_it_harder():
    """A person with a hundred bad images counts once: the gallery is as long as there are persons."""
    query_ids, gallery_ids = np.array([0]), np.array([0, *[1] * 100])
    queries = np.array([[1.0, 0.0]], np.float32)
    gallery = np.array([[0.6, 0.8], *[[0.8, 0.6]] * 100], np.float32)
    result = single_shot(queries, query_ids, gallery, gallery_ids)
    assert result.percent["R1"] == 0
    assert result.percent["mAP"] == pytest.approx(50)


def test_nobody_to_find():
    with pytest.raises(InputError, match="nothing to measure"):
        single_shot(unit(1, np.array([1])), np.array([1]), unit(1, np.array([2])), np.array([2]))
