"""Curves that a single number hides: right answers by rank, precision by recall."""

from __future__ import annotations

import numpy as np

from textreid.metrics.ranking import PositiveRanks, rank_at


def rank_curve(found: PositiveRanks, top: int = 50) -> np.ndarray:
    """The cumulative match characteristic: rank-1 to rank-`top`, each the mean over scored queries.

    Returns:
        [top] float64 in [0, 1], never falling.
    """
    return np.array([rank_at(found, k).mean() for k in range(1, top + 1)])


def precision_recall(found: PositiveRanks, points: int = 101) -> tuple[np.ndarray, np.ndarray]:
    """Precision at the rank where recall first reaches each level, the mean over scored queries.

    At recall r, a query with n positives has just found its ⌈r n⌉-th (its first at r = 0). Nothing is
    interpolated, so the area under the curve is mAP by the rectangle convention.

    Returns:
        recall [points] from 0 to 1, and precision [points]; float64.
    """
    recall = np.linspace(0, 1, points)
    counts, first = found.counts[found.scored], found.first
    number = np.maximum(1, np.ceil(recall[:, None] * counts - 1e-9).astype(np.int64))
    return recall, (number / found.ranks[first + number - 1]).mean(axis=1)
