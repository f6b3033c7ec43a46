from __future__ import annotations

import numpy as np
import pytest

from textreid.metrics.bootstrap import interval


def test_matches_the_normal_interval_of_independent_queries():
    values = np.random.default_rng(0).random((2000, 1)) < 0.3
    low, high = interval(values.astype(float), np.arange(2000), draws=2000)
    p = values.mean()
    half = 1.96 * np.sqrt(p * (1 - p) / 2000)
    assert low[0] == pytest.approx(p - half, abs=0.002)
    assert high[0] == pytest.approx(p + half, abs=0.002)


def test_copies_of_a_query_add_no_certainty():
    persons = np.arange(300)
    values = (np.random.default_rng(1).random((300, 1)) < 0.5).astype(float)
    once = interval(values, persons)
    tenfold = interval(np.repeat(values, 10, axis=0), np.repeat(persons, 10))
    assert np.concatenate(tenfold) == pytest.approx(np.concatenate(once))


def test_persons_weigh_by_their_queries():
    """Unequal clusters: every draw is a mean over queries, as the point estimate is."""
    values = np.array([[0.0]] * 9 + [[100.0]])
    low, high = interval(values, np.array([1] * 9 + [2]), draws=4000)
    assert (low[0], high[0]) == (0, 100)


def test_same_input_same_interval():
    values = np.random.default_rng(2).random((50, 3))
    ids = np.arange(50) // 2
    assert np.array_equal(interval(values, ids), interval(values, ids))


def test_one_person_has_no_spread():
    low, high = interval(np.array([[0.0], [1.0]]), np.array([7, 7]))
    assert low[0] == high[0] == 0.5
