"""Galleries of any size, against galleries that are drawn and searched one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from textreid.metrics.open_set import BINS, CENTRES, calibration_error, first_hits, reliability, tally
from textreid.metrics.search import Search

NOBODY = np.zeros(BINS)


def search_of(rng, persons=6, images=3, queries=2, dim=8, **cameras):
    def unit(rows):
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    faces = rng.normal(size=(persons, dim))
    asked, seen = np.repeat(np.arange(persons), queries) + 1, np.repeat(np.arange(persons), images) + 1
    return Search(
        unit(faces[asked - 1] + rng.normal(size=(len(asked), dim))),
        asked,
        unit(faces[seen - 1] + rng.normal(size=(len(seen), dim))),
        seen,
        **cameras,
    )


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def small(rng):
    return search_of(rng, persons=3, images=2, queries=2)


def strangers(search, query):
    same = search.gallery_ids == search.query_ids[query]
    return (search.gallery[~same] @ search.queries[query]).tolist()


def friends(search, query):
    same = search.gallery_ids == search.query_ids[query]
    return (search.gallery[same] @ search.queries[query]).tolist()


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_the_best_stranger_of_every_gallery_that_can_be_drawn(small, size):
    counted = tally(small, [size])
    best = [
        max(drawn)
        for query in range(len(small.queries))
        for drawn in combinations(strangers(small, query), size)
    ]
    for score in np.linspace(-0.9, 0.9, 19):
        assert counted.passing(score)[0] == pytest.approx(np.mean(np.array(best) >= score), abs=1e-9)


def test_a_gallery_larger_than_there_are_strangers_holds_them_all(small):
    all_of_them, more = tally(small, [4, 400]).best
    np.testing.assert_allclose(all_of_them, more)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_first_of_every_gallery_with_one_right_image(small, size):
    hits = first_hits(small, size)
    right, wrong = [], []
    for query in range(len(small.queries)):
        for friend in friends(small, query):
            draws = list(combinations(strangers(small, query), size - 1))
            for drawn in draws:
                first = max([friend, *drawn])
                (right if first == friend else wrong).append((first, 1 / len(draws)))
    total = sum(weight for _, weight in right + wrong)
    assert hits.found == pytest.approx(sum(weight for _, weight in right) / total)
    assert hits.right.sum() + hits.wrong.sum() == pytest.approx(1)
    for score in np.linspace(-0.9, 0.9, 19):
        kept = sum(weight for first, weight in right if first >= score) / total
        assert hits.led_above(score) == pytest.approx(kept)
        lost = sum(weight for first, weight in wrong if first >= score) / total
        assert hits.wrong[score < CENTRES].sum() == pytest.approx(lost, abs=1e-9)


def test_own_views_and_junk_are_neither_right_nor_wrong(rng):
    plain = search_of(rng, persons=4, images=3, queries=1)
    cameras = np.tile([0, 1, 2], 4)
    seen = Search(
        plain.queries, plain.query_ids, plain.gallery, plain.gallery_ids, np.zeros(4, np.int64), cameras
    )
    counted = tally(seen, [1])
    assert (counted.right.sum(), counted.wrong.sum()) == (4 * 2, 4 * 9)


def test_pairs_are_counted_where_they_score(small):
    counted = tally(small, [1])
    everything = (small.queries @ small.gallery.T).ravel()
    assert counted.right.sum() + counted.wrong.sum() == len(everything)
    mean = ((counted.right + counted.wrong) * CENTRES).sum() / len(everything)
    assert mean == pytest.approx(everything.mean(), abs=1e-4)


def test_a_reliability_diagram_adds_up_each_range_of_claims():
    right, wrong, claimed = NOBODY.copy(), NOBODY.copy(), NOBODY.copy()
    right[[10, 11, 20]], wrong[[10, 11, 20]] = (6, 2, 1), (4, 0, 9)
    claimed[[10, 11, 20]] = 0.92, 1.0, 0.1  # the first two fall into the last fifth, the third into the first
    expected = np.zeros((3, 5))
    expected[:, 4] = 10 * 0.92 + 2, 8, 12
    expected[:, 0] = 1, 1, 10
    np.testing.assert_allclose(reliability(claimed, right, wrong, 5), expected)


def test_calibration_error_of_hits_that_are_right_less_often_than_claimed():
    right, wrong = NOBODY.copy(), NOBODY.copy()
    right[[10, 20]], wrong[[10, 20]] = (6, 1), (4, 9)
    claimed = NOBODY.copy()
    claimed[[10, 20]] = 0.9, 0.1  # said 90 % and 10 %; true are 60 % and 10 %
    assert calibration_error(claimed, right, wrong) == pytest.approx(0.15)
    claimed[10] = 0.6
    assert calibration_error(claimed, right, wrong) == pytest.approx(0)
