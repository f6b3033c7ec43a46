"""Pairwise circle loss against worked values and another library."""

from __future__ import annotations

import math

import pytest
import torch
from pytorch_metric_learning.losses import CircleLoss

from tests.helpers.batches import batch_of, encoded, pairs_with_cosines, random_pairs
from textreid.losses import Sizes
from textreid.losses.circle import Circle, Config


def circle(**options: object) -> Circle:
    return Circle(Config(**options), Sizes(8, 8))


def test_worked_example() -> None:
    """A positive of .8 and a negative of .4: ln(1 + exp(64 (.65 · .15 - .45 · .05))), both ways."""
    value = circle(pairs="across")(pairs_with_cosines([[0.8, 0.4], [0.4, 0.8]]), batch_of([0, 1]))
    assert value.item() == pytest.approx(4.808196, abs=1e-4)
    assert value.item() == pytest.approx(math.log1p(math.exp(64 * (0.65 * 0.15 - 0.45 * 0.05))), abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_against_pytorch_metric_learning(seed: int) -> None:
    labels = torch.randint(0, 4, (10,), generator=torch.Generator().manual_seed(seed))
    pairs = random_pairs(10, seed=seed)
    image, text = pairs.image.pooled, pairs.text.pooled
    people = labels.clone()  # or it takes the sentences for the images themselves
    oracle = CircleLoss(m=0.3, gamma=8)
    expected = (
        oracle(image, labels)
        + oracle(image, labels, ref_emb=text, ref_labels=people)
        + oracle(text, labels, ref_emb=image, ref_labels=people)
    ) / 3
    value = circle(margin=0.3, scale=8.0)(pairs, batch_of(labels.tolist()))
    torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(*(torch.autograd.grad(x, [image, text]) for x in (value, expected)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_a_pair_far_from_its_optimum_is_pulled_harder() -> None:
    """At equal distance from the decision boundary, the gradient in s_p is its own weight, 1 + m - s_p."""
    slopes = []
    for positive in (0.3, 0.7):
        pairs = pairs_with_cosines([[positive, 0.25], [0.0, 0.75]])
        circle(pairs="across", scale=1.0)(pairs, batch_of([0, 1], trust=[1.0, 0.0])).backward()
        slopes.append(abs(pairs.image.pooled.grad[0].norm().item()))
    assert slopes[0] > slopes[1] > 0


@pytest.mark.parametrize("labels", [[0, 1, 2], [4, 4, 4], [-1, -1, -1]])
def test_anchors_without_both_kinds_of_pairs_do_not_count(labels: list[int]) -> None:
    image = torch.randn(3, 4, requires_grad=True)
    value = circle()(encoded(image), batch_of(labels, described=[]))
    value.backward()
    assert value.item() == 0
    assert not image.grad.any()
