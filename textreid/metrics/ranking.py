"""Where the right answers stand in a ranking, and the four numbers that follow from it.

Only the positives' ranks matter to rank-k, mAP and mINP: the rank of a positive is one more than the number
of gallery items that beat it. That is exact, and needs no row sorted as a whole.

**Ties.** Equal scores keep the gallery's order, as in a stable sort by descending score: an item beats a
positive when it scores higher, or scores the same and stands before it in the gallery.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

Convention = Literal["rectangle", "trapezoid"]
SCORES_AT_ONCE = 2**22
Relevance = Callable[[int], tuple[np.ndarray, np.ndarray]]
"""Number of a query -> places [n] int in the gallery of its positives, and of its junk."""


@dataclass(frozen=True)
class PositiveRanks:
    """The 1-based ranks of every query's positives among the gallery items that count for it.

    Attributes:
        ranks: [P] int64, query after query, ascending within a query.
        counts: [Q] int64, positives of each query; 0 where a query has none. Sums to P.
    """

    ranks: np.ndarray
    counts: np.ndarray

    def __post_init__(self) -> None:
        if self.counts.sum() != len(self.ranks):
            raise ValueError(f"{len(self.ranks)} ranks do not fit counts that sum to {self.counts.sum()}")

    @property
    def scored(self) -> np.ndarray:
        """[Q] bool, the queries that have a positive; the S scored queries are the metrics' denominator."""
        return self.counts > 0

    @property
    def first(self) -> np.ndarray:
        """[S] int64, where each scored query starts in `ranks`."""
        return (np.cumsum(self.counts) - self.counts)[self.scored]

    @property
    def number(self) -> np.ndarray:
        """[P] int64, 1 for a query's best positive, 2 for its second, ..."""
        return np.arange(len(self.ranks)) - np.repeat(self.first, self.counts[self.scored]) + 1


def rank_at(found: PositiveRanks, k: int) -> np.ndarray:
    """Rank-k (CMC) of each scored query: 1 where a positive is among the first k, else 0.

    Returns:
        [S] float64. Ranks [2, 4] give 0 at k=1 and 1 at k=5.
    """
    return (found.ranks[found.first] <= k).astype(np.float64)


def average_precision(found: PositiveRanks, convention: Convention = "rectangle") -> np.ndarray:
    """Average precision of each scored query, over all n of its positives (never only those in a top k).

    With r_j the rank of the j-th positive, the precision there is j / r_j, and just before it
    (j-1) / (r_j-1), which is 1 by definition at rank 1.

    - `rectangle`: (1/n) Σ j/r_j. fast-reid, Torchreid, IRRA and most papers.
    - `trapezoid`: (1/n) Σ ½ [(j-1)/(r_j-1) + j/r_j]. The Market-1501 toolkit (Zheng et al., ICCV 2015);
      never larger.

    Positives at ranks 2 and 4 give .5000 and .3333; at 1 and 3 they give .8333 and .7917. One positive at
    rank 1 and nine at ranks 992 to 1000 give .1054 and .1050, not 1.

    Returns:
        [S] float64 in [0, 1].
    """
    if convention not in ("rectangle", "trapezoid"):
        raise ValueError(f"convention must be 'rectangle' or 'trapezoid', not {convention!r}")
    number, ranks = found.number, found.ranks
    precision = number / ranks
    if convention == "trapezoid":
        before = np.where(ranks > 1, (number - 1) / np.maximum(ranks - 1, 1), 1.0)
        precision = (before + precision) / 2
    return _sum_by_query(precision, found) / found.counts[found.scored]


def inverse_negative_penalty(found: PositiveRanks) -> np.ndarray:
    """INP of each scored query: its number of positives over the rank of the last (Ye et al., TPAMI 2021).

    The fraction of right answers among all that must be looked at to see every one: ranks [2, 4] give 2/4.

    Returns:
        [S] float64 in (0, 1].
    """
    counts = found.counts[found.scored]
    return counts / found.ranks[found.first + counts - 1]


def positive_ranks(scores: Iterable[np.ndarray], relevance: Relevance) -> PositiveRanks:
    """Rank every query's positives from scores that arrive a few rows at a time.

    Only what scores at least as much as a query's worst positive is sorted; the positives are then looked up.

    Args:
        scores: chunks [q, G] of float scores, larger is better; together the Q queries in order.
        relevance: where each query's positives and junk are. Junk neither helps nor harms: it leaves the
            query's gallery, even if positive.

    Raises:
        ValueError: a score is not finite.
    """
    ranks: list[np.ndarray] = []
    counts: list[int] = []
    for chunk in scores:
        done = len(counts)
        if not np.isfinite(chunk).all():
            raise ValueError(f"scores of queries {done}..{done + len(chunk) - 1} are not all finite")
        for row in chunk:
            positive, junk = relevance(len(counts))
            if len(junk):
                row = row.copy()
                row[junk] = -np.inf
                positive = positive[row[positive] > -np.inf]
            ranks.append(_ranks(row, positive))
            counts.append(len(positive))
    return PositiveRanks(np.concatenate([np.zeros(0, np.int64), *ranks]), np.array(counts, dtype=np.int64))


def top_places(
    scores: Iterable[np.ndarray], relevance: Relevance, k: int, queries: Collection[int]
) -> dict[int, np.ndarray]:
    """The places of the k best gallery items of some queries, junk left out, ties in gallery order.

    Args:
        scores: as `positive_ranks` takes them, of all queries.
        relevance: as `positive_ranks` takes it.
        k: how many; fewer where the gallery without junk is smaller.
        queries: the numbers of the queries wanted.

    Returns:
        Number of a query -> [≤ k] int64, best first.
    """
    best: dict[int, np.ndarray] = {}
    rows = (row for chunk in scores for row in chunk)
    for query, row in enumerate(rows):
        if query in queries:
            order = np.argsort(-row, kind="stable")
            best[query] = order[~np.isin(order, relevance(query)[1])][:k]
    return best


def cosine_scores(
    queries: np.ndarray, gallery: np.ndarray, *, at_once: int = SCORES_AT_ONCE
) -> Iterator[np.ndarray]:
    """Cosine scores of unit vectors, some queries at a time, so that [Q, G] is never held whole.

    Args:
        queries: [Q, D] float32, unit norm.
        gallery: [G, D] float32, unit norm.
        at_once: scores in a chunk, at most (but never less than one query's).

    Yields:
        [q, G] float32.
    """
    rows = max(1, at_once // len(gallery))
    for start in range(0, len(queries), rows):
        yield queries[start : start + rows] @ gallery.T


def _ranks(row: np.ndarray, places: np.ndarray) -> np.ndarray:
    """1-based ranks, ascending, of the items at `places` in a stable sort of `row` by descending score."""
    if not len(places):
        return np.zeros(0, dtype=np.int64)
    wanted = row[places]
    high = np.sort(row[row >= wanted.min()])
    ranks = len(high) - np.searchsorted(high, wanted, side="right") + 1
    equal = len(high) + 1 - ranks - np.searchsorted(high, wanted, side="left")
    for tied in np.flatnonzero(equal > 1):
        ranks[tied] += np.count_nonzero(row[: places[tied]] == wanted[tied])
    return np.sort(ranks)


def _sum_by_query(values: np.ndarray, found: PositiveRanks) -> np.ndarray:
    first = found.first
    return np.add.reduceat(values, first) if len(first) else np.zeros(0)
