from __future__ import annotations

import numpy as np
import pytest

from textreid.metrics.query_expansion import expand_queries, pool_queries, unit


def rows(seed: int, count: int, dim: int = 6) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, dim)))


@pytest.mark.parametrize("alpha", [0.0, 1.0, 3.0])
def test_expansion_equals_loops(alpha):
    queries, gallery = rows(0, 7), rows(1, 20)
    ours = expand_queries(queries, gallery, top=4, alpha=alpha)
    for query, row in zip(queries, ours, strict=True):
        best = sorted(gallery, key=lambda other: -float(query @ other))[:4]
        joined = query + sum(max(float(query @ other), 0.0) ** alpha * other for other in best)
        assert row == pytest.approx(joined / np.linalg.norm(joined), abs=1e-5)


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_a_query_in_the_gallery_does_not_join_itself(alpha):
    gallery = rows(1, 8)
    ours = expand_queries(gallery, gallery, top=3, alpha=alpha, own=np.arange(8))
    for place, row in enumerate(ours):
        others = np.delete(gallery, place, axis=0)
        alone = expand_queries(gallery[[place]], others, top=3, alpha=alpha)
        assert row == pytest.approx(alone[0], abs=1e-6)
    whole = expand_queries(gallery, gallery, top=20, alpha=0, own=np.arange(8))
    assert whole == pytest.approx(unit(np.tile(gallery.sum(axis=0), (8, 1))), abs=1e-5)


def test_expansion_by_nothing_changes_nothing():
    queries = rows(0, 5)
    assert expand_queries(queries, rows(1, 9), top=0) == pytest.approx(queries, abs=1e-6)


def test_a_gallery_smaller_than_the_expansion_joins_whole():
    queries, gallery = rows(0, 2), np.eye(6, dtype=np.float32)[:1]
    assert expand_queries(queries, gallery, top=5, alpha=0) == pytest.approx(
        unit(queries + gallery), abs=1e-6
    )


@pytest.mark.parametrize(("how", "of"), [("mean", np.mean), ("max", np.max)])
def test_pooling_equals_its_definition(how, of):
    queries, others = rows(2, 3), rows(3, 5)
    groups = [np.array([0, 4]), np.array([], int), np.array([1])]
    pooled = pool_queries(queries, others, groups, how)
    for query, group, row in zip(queries, groups, pooled, strict=True):
        joined = of(np.stack([query, *others[group]]), axis=0)
        assert row == pytest.approx(joined / np.linalg.norm(joined), abs=1e-6)


def test_an_unknown_pooling_is_refused():
    with pytest.raises(ValueError, match="'mean' or 'max', not 'median'"):
        pool_queries(rows(0, 1), rows(1, 1), [np.array([0])], "median")
