"""Pairs of images for a matcher: who is drawn, what it costs, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.helpers.batches import batch_of, encoded
from textreid.errors import InputError
from textreid.losses import Sizes
from textreid.losses.image_matching import Config, ImageMatching
from textreid.types import Encoded


def with_matcher(vectors: Tensor, seen: list[tuple[int, int]], logit: float = 1.0) -> Encoded:
    """A matcher that says one thing of everybody, and remembers whom it was asked about."""

    def score(left: Tensor, right: Tensor) -> Tensor:
        seen.extend(zip(left.tolist(), right.tolist(), strict=True))
        return torch.full((len(left),), logit) + 0 * vectors.sum()

    return replace(encoded(vectors), score_image_pairs=score)


def test_each_image_comes_with_one_of_its_person_and_some_of_others() -> None:
    labels, seen = [0, 0, 1, 1, 1, 2, -1], []
    torch.manual_seed(0)
    loss = ImageMatching(Config(negatives=3), Sizes(4, 3))
    value = loss(with_matcher(torch.randn(7, 4), seen), batch_of(labels, described=[]))
    same, others = seen[:5], seen[5:]
    assert [left for left, _ in same] == [0, 1, 2, 3, 4]  # somebody seen once, and nobody known, ask nothing
    assert all(left != right and labels[left] == labels[right] for left, right in same)
    assert [left for left, _ in others] == [n for n in range(5) for _ in range(3)]
    assert all(labels[right] >= 0 and labels[left] != labels[right] for left, right in others)
    costs = math.log1p(math.exp(-1)), math.log1p(math.exp(1))
    assert value.item() == pytest.approx(sum(costs) / 2, rel=1e-6)


@pytest.mark.parametrize(("temperature", "fraction"), [(0.01, 1.0), (1e6, 0.5)])
def test_who_looks_alike_is_drawn_most(temperature: float, fraction: float) -> None:
    """Images 0 and 1 of one person, 2 looks like them and 3 does not."""
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.9, 0.1], [-1.0, 0.0]])
    torch.manual_seed(0)
    seen: list[tuple[int, int]] = []
    loss = ImageMatching(Config(negatives=200, temperature=temperature), Sizes(2, 3))
    loss(with_matcher(vectors, seen), batch_of([0, 0, 1, 2], described=[]))
    drawn = [right for _, right in seen[2:]]
    assert drawn.count(2) / len(drawn) == pytest.approx(fraction, abs=0.1)


def test_a_model_without_an_image_matcher_is_told_what_to_add() -> None:
    loss = ImageMatching(Config(), Sizes(2, 2))
    with pytest.raises(InputError, match=r"\[model\.image_matcher\] table"):
        loss(encoded(torch.randn(4, 2)), batch_of([0, 0, 1, 1], described=[]))
