"""One ranking, measured over parts of its queries: where a model is good, and where not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from textreid.metrics.ranking import PositiveRanks
from textreid.metrics.result import RetrievalResult, summarise


def breakdown(result: RetrievalResult, groups: Sequence[Collection[str]]) -> dict[str, RetrievalResult]:
    """The same numbers over each group of queries; all of them search the whole gallery.

    Args:
        result: of Q queries.
        groups: Q collections, the names of the groups that each query is in; a query may be in several.

    Returns:
        Name -> result, names sorted; groups in which no query has a right answer are left out.
    """
    parts = {}
    for name in sorted({name for names in groups for name in names}):
        inside = np.array([name in names for names in groups])
        if (inside & result.found.scored).any():
            found = _only(result.found, inside)
            parts[name] = summarise(found, result.query_ids[inside], result.gallery)
    return parts


def _only(found: PositiveRanks, queries: np.ndarray) -> PositiveRanks:
    """The ranks of the queries [Q] bool alone."""
    return PositiveRanks(found.ranks[np.repeat(queries, found.counts)], found.counts[queries])
