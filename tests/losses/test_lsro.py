"""LSRO against worked values, its gradient, its least value, and a loop over real and generated images."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.losses import Sizes
from textreid.losses.lsro import LSRO, Config
from textreid.types import GENERATED


def lsro(classes: int = 3, **options: Any) -> LSRO:
    """A classifier whose logits are the vectors themselves."""
    loss = LSRO(Config(**{"neck": False, "dropout": 0.0} | options), Sizes(classes, classes))
    with torch.no_grad():
        loss.classifier.weight.copy_(torch.eye(classes))
    return loss


def value(logits: Tensor, labels: list[int]) -> Tensor:
    return lsro(logits.shape[1])(encoded(logits), batch_of(labels, described=[]))


def test_worked_example() -> None:
    """z = [1, 2, 3], as an image of the third identity and as a generated one."""
    logits = torch.tensor([[1.0, 2.0, 3.0]])
    assert value(logits, [2]).item() == pytest.approx(0.4076060, abs=1e-6)
    assert value(logits, [GENERATED]).item() == pytest.approx(1.407606, abs=1e-6)


def test_the_gradient_of_a_generated_image() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    value(logits, [GENERATED]).backward()
    torch.testing.assert_close(
        logits.grad, torch.tensor([[-0.243303, -0.088605, 0.331908]]), atol=1e-6, rtol=0
    )


def test_a_generated_image_costs_the_least_where_it_looks_like_nobody() -> None:
    least = value(torch.zeros(1, 7), [GENERATED]).item()
    assert least == pytest.approx(math.log(7), abs=1e-6)
    others = torch.randn(20, 1, 7, generator=torch.Generator().manual_seed(0))
    assert all(value(logits, [GENERATED]).item() > least for logits in others)


def test_real_and_generated_images_against_a_loop() -> None:
    labels = [0, GENERATED, 3, -1, GENERATED, 1]
    logits = random_pairs(6, dim=5).image.pooled.detach()
    costs = []
    for row, label in zip(logits.tolist(), labels, strict=True):
        chances = [math.exp(z) / sum(math.exp(other) for other in row) for z in row]
        if label == GENERATED:
            costs.append(-sum(math.log(p) for p in chances) / 5)
        elif label >= 0:
            costs.append(-math.log(chances[label]))
    assert value(logits, labels).item() == pytest.approx(sum(costs) / len(costs), rel=1e-5)


def test_without_generated_images_it_is_identification() -> None:
    from textreid.losses.identification import Config as Options
    from textreid.losses.identification import Identification

    pairs, batch = random_pairs(6), batch_of([0, 0, 1, 1, 2, -1], described=[])
    other = Identification(Options(smoothing=0.0), Sizes(8, 3)).train()
    loss = LSRO(Config(dropout=0.0), Sizes(8, 3)).train()
    loss.classifier.load_state_dict(other.classifiers[0].state_dict())
    image = encoded(pairs.image.pooled)
    torch.testing.assert_close(loss(image, batch), other(image, batch))
