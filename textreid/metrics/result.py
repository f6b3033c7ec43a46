"""What one direction of one protocol measured, in percent with intervals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from textreid.errors import InputError
from textreid.metrics.bootstrap import interval
from textreid.metrics.ranking import (
    PositiveRanks,
    average_precision,
    inverse_negative_penalty,
    rank_at,
)


@dataclass(frozen=True)
class RetrievalResult:
    """What one direction of one protocol measured.

    Attributes:
        percent: "R1", "R5", "R10", "mAP" (rectangle), "mINP", "mAP_trapezoid" (Market-1501 toolkit): means
            over the scored queries, in percent.
        ci95: the same names -> (low, high) percent, 95 % bootstrap interval over identities.
        queries: queries scored: the denominator.
        gallery: items searched, junk excluded.
        skipped: queries left out because the gallery holds no positive for them.
        found: where each query's right answers stand, for curves and breakdowns.
        query_ids: [Q] int, the person each query asks for.
    """

    percent: dict[str, float]
    ci95: dict[str, tuple[float, float]]
    queries: int
    gallery: int
    skipped: int
    found: PositiveRanks = field(compare=False, repr=False)
    query_ids: np.ndarray = field(compare=False, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON object that `textreid eval --json` prints; percent with four decimals."""
        return {
            **{name: round(value, 4) for name, value in self.percent.items()},
            "queries": self.queries,
            "gallery": self.gallery,
            "skipped": self.skipped,
            "ci95": {name: [round(low, 4), round(high, 4)] for name, (low, high) in self.ci95.items()},
        }


def summarise(found: PositiveRanks, query_ids: np.ndarray, gallery: int) -> RetrievalResult:
    """The percentages and intervals of one ranking.

    Args:
        found: ranks of Q queries.
        query_ids: [Q] int, identity of each query: the interval resamples identities.
        gallery: items searched.

    Raises:
        InputError: no query has a positive.
    """
    if not found.scored.any():
        raise InputError("No query has a right answer in the gallery: there is nothing to measure.")
    per_query = {
        "R1": rank_at(found, 1),
        "R5": rank_at(found, 5),
        "R10": rank_at(found, 10),
        "mAP": average_precision(found, "rectangle"),
        "mINP": inverse_negative_penalty(found),
        "mAP_trapezoid": average_precision(found, "trapezoid"),
    }
    values = 100 * np.stack(list(per_query.values()), axis=1)
    low, high = interval(values, query_ids[found.scored])
    return RetrievalResult(
        percent=dict(zip(per_query, values.mean(axis=0).tolist(), strict=True)),
        ci95=dict(zip(per_query, zip(low.tolist(), high.tolist(), strict=True), strict=True)),
        queries=int(found.scored.sum()),
        gallery=gallery,
        skipped=int((~found.scored).sum()),
        found=found,
        query_ids=query_ids,
    )
