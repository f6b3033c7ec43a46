from __future__ import annotations

import numpy as np
import pytest

from textreid.metrics.breakdown import breakdown
from textreid.metrics.curves import precision_recall, rank_curve
from textreid.metrics.protocols import text_to_image
from textreid.metrics.query_expansion import unit
from textreid.metrics.ranking import PositiveRanks, average_precision, top_places
from textreid.metrics.search import Search

FOUND = PositiveRanks(np.array([2, 4, 1, 3]), np.array([2, 0, 2]))


def test_rank_curve_worked_by_hand():
    assert rank_curve(FOUND, 4).tolist() == [0.5, 1, 1, 1]


def test_precision_at_each_recall_worked_by_hand():
    recall, precision = precision_recall(FOUND, points=5)
    assert recall.tolist() == [0, 0.25, 0.5, 0.75, 1]
    first, second = (1 / 2 + 1) / 2, (2 / 4 + 2 / 3) / 2
    assert precision == pytest.approx([first, first, first, second, second])


def test_the_area_under_the_curve_is_map():
    draw = np.random.default_rng(0)
    counts = draw.integers(1, 9, 40)
    ranks = np.concatenate([np.sort(draw.choice(200, n, replace=False)) + 1 for n in counts])
    found = PositiveRanks(ranks, counts)
    _, precision = precision_recall(found, points=50_001)
    assert precision.mean() == pytest.approx(average_precision(found).mean(), abs=1e-3)


def test_best_places_leave_junk_out_and_keep_the_order_of_ties():
    scores = np.array([[0.5, 0.9, 0.5, 0.1], [0.2, 0.2, 0.2, 0.2]], np.float32)
    junk = [np.array([1]), np.array([], int)]
    top = top_places([scores], lambda query: (np.array([], int), junk[query]), 2, {0, 1})
    assert {query: places.tolist() for query, places in top.items()} == {0: [0, 2], 1: [0, 1]}
    assert list(top_places([scores], lambda query: (junk[1], junk[1]), 9, {1})) == [1]


def test_a_breakdown_measures_its_queries_as_if_they_were_alone():
    draw = np.random.default_rng(1)
    text_ids, image_ids = draw.integers(0, 8, 40), draw.integers(0, 7, 30)
    texts, images = unit(draw.normal(size=(40, 5))), unit(draw.normal(size=(30, 5)))
    whole = Search(texts, text_ids, images, image_ids).result()
    names = [["red"] if q % 3 == 0 else ["blue", "hat"] if q % 3 == 1 else [] for q in range(40)]
    parts = breakdown(whole, names)
    assert list(parts) == ["blue", "hat", "red"]
    for name, part in parts.items():
        inside = [q for q in range(40) if name in names[q]]
        assert part == text_to_image(texts[inside], text_ids[inside], images, image_ids)


def test_a_group_without_right_answers_is_left_out():
    eye = np.eye(2, dtype=np.float32)
    whole = text_to_image(eye, np.array([1, 9]), eye, np.array([1, 2]))
    assert list(breakdown(whole, [["found"], ["lost"]])) == ["found"]
