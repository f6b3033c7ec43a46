from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from tests.helpers import ranking_oracles as oracles
from textreid.metrics.ranking import (
    PositiveRanks,
    average_precision,
    cosine_scores,
    inverse_negative_penalty,
    positive_ranks,
    rank_at,
)


def of(*ranks: list[int]) -> PositiveRanks:
    flat = [rank for one in ranks for rank in one]
    return PositiveRanks(np.array(flat, np.int64), np.array([len(one) for one in ranks], np.int64))


def ranked(scores: np.ndarray, positive: np.ndarray, junk: np.ndarray, rows: int = 100) -> PositiveRanks:
    chunks = (scores[start : start + rows] for start in range(0, len(scores), rows))
    return positive_ranks(
        chunks, lambda query: (np.flatnonzero(positive[query]), np.flatnonzero(junk[query]))
    )


@pytest.mark.parametrize(
    ("ranks", "rectangle", "trapezoid", "inp", "first", "fifth"),
    [
        ([2, 4], 0.5, 1 / 3, 2 / 4, 0, 1),
        ([1, 3], 5 / 6, 19 / 24, 2 / 3, 1, 1),
        ([1], 1, 1, 1, 1, 1),
        ([6], 1 / 6, 1 / 12, 1 / 6, 0, 0),
        ([1, 2, 3], 1, 1, 1, 1, 1),
        ([1, *range(992, 1001)], 0.10541567, 0.10496613, 10 / 1000, 1, 1),
    ],
)
def test_worked_by_hand(ranks, rectangle, trapezoid, inp, first, fifth):
    found = of(ranks)
    assert average_precision(found)[0] == pytest.approx(rectangle)
    assert average_precision(found, "trapezoid")[0] == pytest.approx(trapezoid)
    assert inverse_negative_penalty(found)[0] == pytest.approx(inp)
    assert (rank_at(found, 1)[0], rank_at(found, 5)[0]) == (first, fifth)


def test_one_of_ten_found_is_not_perfect():
    """Dividing by the positives found, as some libraries do, would score 1.0 at a cut after rank 10."""
    assert average_precision(of([1, *range(10_000, 10_009)]))[0] < 0.11


def test_queries_without_positive_are_no_part_of_any_mean():
    found = of([], [1], [], [2, 4], [])
    assert found.scored.tolist() == [False, True, False, True, False]
    assert average_precision(found).tolist() == [1.0, 0.5]
    assert rank_at(found, 1).tolist() == [1.0, 0.0]
    assert inverse_negative_penalty(found).tolist() == [1.0, 0.5]


def test_no_query_has_a_positive():
    found = of([], [])
    assert (
        len(average_precision(found)) == len(rank_at(found, 1)) == len(inverse_negative_penalty(found)) == 0
    )


def test_equal_scores_keep_gallery_order():
    scores = np.zeros((1, 5), np.float32)
    for place in range(5):
        positive = np.eye(5, dtype=bool)[[place]]
        assert ranked(scores, positive, np.zeros_like(positive)).ranks.tolist() == [place + 1]


def test_junk_neither_helps_nor_harms():
    scores = np.array([[0.9, 0.8, 0.7, 0.6]], np.float32)
    positive = np.array([[True, False, False, True]])
    junk = np.array([[True, True, False, False]])
    found = ranked(scores, positive, junk)
    assert found.ranks.tolist() == [2]  # behind the one true negative; a positive that is junk does not count


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.integers(1, 25),
    st.sampled_from([2, 5, 1000]),
    st.integers(1, 5),
)
def test_equal_to_sorting_every_row(seed, queries, gallery, levels, rows):
    """Random grids, few levels (many ties), junk, queries without positives, any chunk size."""
    draw = np.random.default_rng(seed)
    scores = (draw.integers(0, levels, (queries, gallery)) / levels - 0.5).astype(np.float32)
    positive, junk = draw.random((2, queries, gallery)) < 0.3
    found = ranked(scores, positive, junk, rows)

    slow = [oracles.hits(*row) for row in zip(scores.tolist(), positive, junk, strict=True)]
    scored = [row for row in slow if any(row)]
    assert found.scored.tolist() == [any(row) for row in slow]
    assert found.ranks.tolist() == [place for row in slow for place, hit in enumerate(row, 1) if hit]
    for k in (1, 5, 10):
        assert rank_at(found, k).tolist() == [oracles.rank_at(row, k) for row in scored]
    assert average_precision(found) == pytest.approx([oracles.rectangle(row) for row in scored])
    assert average_precision(found, "trapezoid") == pytest.approx([oracles.trapezoid(row) for row in scored])
    assert inverse_negative_penalty(found) == pytest.approx([oracles.inp(row) for row in scored])


def test_rectangle_equals_scikit_learn_where_nothing_ties():
    draw = np.random.default_rng(0)
    scores, positive = draw.permuted(np.tile(np.arange(40.0), (30, 1)), axis=1), draw.random((30, 40)) < 0.2
    positive[:, 0] = True
    found = ranked(scores, positive, np.zeros_like(positive))
    theirs = [average_precision_score(*row) for row in zip(positive, scores, strict=True)]
    assert average_precision(found) == pytest.approx(theirs)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_refuses_scores_that_are_not_finite(bad):
    scores = np.array([[0.1, 0.2], [0.3, bad]], np.float32)
    with pytest.raises(ValueError, match=r"queries 0\.\.1 are not all finite"):
        ranked(scores, np.ones_like(scores, bool), np.zeros_like(scores, bool))


def test_refuses_ranks_that_do_not_fit_their_counts():
    with pytest.raises(ValueError, match="2 ranks do not fit counts that sum to 3"):
        PositiveRanks(np.array([1, 2]), np.array([3, 0]))


def test_refuses_an_unknown_convention():
    with pytest.raises(ValueError, match=r"'rectangle' or 'trapezoid', not 'interpolated'"):
        average_precision(of([1]), "interpolated")


def test_leaves_its_input_alone():
    scores, positive = np.array([[0.1, 0.2, 0.3]], np.float32), np.array([[True, False, False]])
    junk = np.array([[False, False, True]])
    ranked(scores, positive, junk)
    assert scores.tolist() == [[pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.3)]]


@pytest.mark.parametrize(("at_once", "rows"), [(1, 1), (5, 1), (17, 3), (35, 7), (2**22, 7)])
def test_cosine_chunks_are_the_rows_of_the_matrix(at_once, rows):
    draw = np.random.default_rng(0)
    queries, gallery = draw.normal(size=(7, 4)), draw.normal(size=(5, 4))
    chunks = list(cosine_scores(queries, gallery, at_once=at_once))
    assert max(len(chunk) for chunk in chunks) == rows
    expected = [[sum(a * b for a, b in zip(q, g, strict=True)) for g in gallery] for q in queries]
    assert np.concatenate(chunks) == pytest.approx(np.array(expected))
