"""Attribute metrics against a table worked by hand and loops over every label."""

from __future__ import annotations

import numpy as np
import pytest

from textreid.metrics.attributes import evaluate_attributes

GROUPS = {"hat": ("no", "yes"), "coat": ("blue", "green", "red")}


def test_worked_table() -> None:
    """Labels hat=yes, coat=blue, coat=green, coat=red.

    | image | true         | predicted    | T ∩ P | T ∪ P | P | T |
    | 1     | hat, red     | hat, red     | 2     | 2     | 2 | 2 |
    | 2     | no hat, blue | hat, blue    | 1     | 2     | 2 | 1 |
    | 3     | hat, green   | no hat, blue | 0     | 3     | 1 | 2 |
    | 4     | no hat, blue | no hat, red  | 0     | 2     | 1 | 1 |

    hat: recall 1/2, of its absence 1/2; blue: 1/2, 1/2; green: 0, 1; red: 1, 2/3.
    """
    true = np.array([[1, 2], [0, 0], [1, 1], [0, 0]])
    predicted = np.array([[1, 2], [1, 0], [0, 0], [0, 2]])
    result = evaluate_attributes(predicted, true, GROUPS)
    assert result.labels == pytest.approx(
        {"hat=yes": 1 / 2, "coat=blue": 1 / 2, "coat=green": 1 / 2, "coat=red": 5 / 6}
    )
    assert result.mean_accuracy == pytest.approx(7 / 12)
    assert result.accuracy == pytest.approx((1 + 1 / 2) / 4)
    assert result.precision == pytest.approx((1 + 1 / 2) / 4)
    assert result.recall == pytest.approx((1 + 1) / 4)
    assert result.f1 == pytest.approx(2 * 0.375 * 0.5 / 0.875)
    assert result.groups == {"hat": 0.5, "coat": 0.5}


@pytest.mark.parametrize("seed", range(5))
def test_against_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = np.stack([rng.integers(-1, 2, 60), rng.integers(-1, 3, 60)], axis=1)
    predicted = np.stack([rng.integers(0, 2, 60), rng.integers(0, 3, 60)], axis=1)
    labels = [(0, 1), (1, 0), (1, 1), (1, 2)]
    balanced = []
    for group, value in labels:
        seen = [
            (t[group] == value, p[group] == value)
            for t, p in zip(true, predicted, strict=True)
            if t[group] >= 0
        ]
        hits = [p for t, p in seen if t]
        rejections = [not p for t, p in seen if not t]
        balanced.append((sum(hits) / len(hits) + sum(rejections) / len(rejections)) / 2)
    shares: list[tuple[float, float, float]] = []
    for t, p in zip(true, predicted, strict=True):
        holds = {(g, v) for g, v in labels if t[g] == v}
        said = {(g, v) for g, v in labels if p[g] == v and t[g] >= 0}
        both = len(holds & said)
        shares.append((both / max(len(holds | said), 1), both / max(len(said), 1), both / max(len(holds), 1)))
    accuracy, precision, recall = np.mean(shares, axis=0)
    result = evaluate_attributes(predicted, true, GROUPS)
    assert result.mean_accuracy == pytest.approx(np.mean(balanced))
    assert (result.accuracy, result.precision, result.recall) == pytest.approx((accuracy, precision, recall))
    assert result.f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_perfect_is_one() -> None:
    true = np.array([[1, 0], [1, 1], [0, 2], [-1, 2]])
    result = evaluate_attributes(np.abs(true), true, GROUPS)
    assert result.mean_accuracy == result.groups["hat"] == 1
    assert result.accuracy == result.f1 == 1


def test_a_rare_label_weighs_as_much_as_a_common_one() -> None:
    """Never seeing the one hat of a hundred costs half of mA, and one hundredth of its accuracy."""
    true = np.zeros((100, 1), int)
    true[0] = 1
    result = evaluate_attributes(np.zeros((100, 1), int), true, {"hat": ("no", "yes")})
    assert result.mean_accuracy == 0.5
    assert result.groups["hat"] == 0.99
    assert result.f1 == 0


def test_a_label_without_both_answers_is_left_out_of_ma() -> None:
    result = evaluate_attributes(np.array([[1, 0], [0, 1]]), np.array([[1, 0], [1, 1]]), GROUPS)
    assert set(result.labels) == {"coat=blue", "coat=green"}
    assert result.mean_accuracy == 1


def test_nothing_known_is_zero() -> None:
    result = evaluate_attributes(np.zeros((3, 2), int), np.full((3, 2), -1), GROUPS)
    assert (result.mean_accuracy, result.accuracy, result.f1, result.groups) == (0, 0, 0, {})


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match=r"\[N, 2\]"):
        evaluate_attributes(np.zeros((3, 1), int), np.zeros((3, 1), int), GROUPS)
