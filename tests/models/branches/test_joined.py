"""The search vector: one dot product is the weighted mean of the views' cosines."""

from __future__ import annotations

import math

import pytest
import torch

from textreid.models.search_vector import join
from textreid.types import Features


def features(n: int, seed: int) -> Features:
    random = torch.Generator().manual_seed(seed)
    views = {
        "stripes": 5 * torch.randn(n, 6, 4, generator=random),
        "patches": 0.1 * torch.randn(n, 3, 7, generator=random),
    }
    return Features(2 * torch.randn(n, 5, generator=random), views)


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


@pytest.mark.parametrize(
    "weights",
    [
        {"global": 1.0, "stripes": 1.0, "patches": 1.0},
        {"global": 1.0, "stripes": 0.3, "patches": 2.5},
        {"global": 0.0, "stripes": 1.0, "patches": 0.5},
        {"global": 1.0},
    ],
)
def test_dot_product_is_the_weighted_mean_of_cosines(weights: dict[str, float]) -> None:
    queries, gallery = features(3, seed=0), features(4, seed=1)
    dots = join(queries, weights) @ join(gallery, weights).T
    for q in range(3):
        for g in range(4):
            expected = 0.0
            for name, weight in weights.items():
                left, right = queries.view(name).parts[q].tolist(), gallery.view(name).parts[g].tolist()
                expected += weight * sum(map(cosine, left, right)) / len(left)
            assert dots[q, g].item() == pytest.approx(expected / sum(weights.values()), abs=1e-6)


def test_unit_length_and_size() -> None:
    vectors = join(features(3, seed=0), {"global": 1.0, "stripes": 0.5, "patches": 0.2})
    assert vectors.shape == (3, 5 + 6 * 4 + 3 * 7)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_a_view_without_weight_takes_no_place() -> None:
    assert join(features(3, seed=0), {"global": 1.0, "stripes": 0.0}).shape == (3, 5)


def test_the_order_in_which_views_are_listed_does_not_matter() -> None:
    some = features(3, seed=0)
    one, other = (
        {"stripes": 0.5, "global": 1.0, "patches": 2.0},
        {"patches": 2.0, "stripes": 0.5, "global": 1.0},
    )
    assert torch.equal(join(some, one), join(some, other))


def test_worked_example() -> None:
    """Global vectors alike (1, weight 1); of two parts one alike, one at a right angle (½, weight 3)."""
    one = Features(torch.tensor([[2.0, 0.0]]), {"halves": torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])})
    other = Features(torch.tensor([[5.0, 0.0]]), {"halves": torch.tensor([[[4.0, 0.0], [0.0, 3.0]]])})
    weights = {"global": 1.0, "halves": 3.0}
    assert (join(one, weights) @ join(other, weights).T).item() == pytest.approx((1 + 3 / 2) / 4)
