"""Diversity of parts in closed form."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tests.helpers.batches import batch_of, full_batch
from textreid import losses
from textreid.errors import InputError
from textreid.losses import Sizes
from textreid.types import PARTS, Encoded, Features

BATCH = batch_of([0, 1])


def diversity(image: Tensor, text: Tensor | None = None, **options: float) -> float:
    sizes = Sizes(image.shape[1] * image.shape[2], 2, *image.shape[1:])
    loss = losses.create("diversity", options, sizes)[1]
    encoded = Encoded(of_parts(image), None if text is None else of_parts(text))
    return loss(encoded, BATCH).item()


def of_parts(parts: Tensor) -> Features:
    return Features(parts.flatten(1), {PARTS: parts})


def at_angle(degrees: float, length: float = 1.0) -> list[float]:
    return [length * math.cos(math.radians(degrees)), length * math.sin(math.radians(degrees))]


def test_parts_all_alike_cost_one() -> None:
    assert diversity(torch.ones(2, 5, 3)) == pytest.approx(1)


def test_parts_at_right_angles_and_opposite_ones_cost_nothing() -> None:
    parts = torch.tensor([[at_angle(0), at_angle(90)], [at_angle(0), at_angle(180)]])
    assert diversity(parts) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("margin", "expected"), [(0.0, 0.25), (0.3, 0.04), (0.6, 0.0)])
def test_two_parts_at_sixty_degrees(margin: float, expected: float) -> None:
    """cos 60° = 0.5; how long the parts are does not matter."""
    parts = torch.tensor([[at_angle(10, 3.0), at_angle(70, 0.2)]])
    assert diversity(parts, margin=margin) == pytest.approx(expected, abs=1e-6)


def test_mean_over_pairs_items_and_modalities() -> None:
    """Three parts at 60°, 60° and 120°: (2 · 0.25 + 0) / 3; an item of equal parts: 1; its text: 1."""
    fan = torch.tensor([at_angle(0), at_angle(60), at_angle(120)])
    image, text = torch.stack([fan, torch.ones(3, 2)]), torch.ones(2, 3, 2)
    assert diversity(image) == pytest.approx((1 / 6 + 1) / 2)
    assert diversity(image, text) == pytest.approx(((1 / 6 + 1) / 2 + 1) / 2)


def test_one_part_alone_has_nothing_to_differ_from() -> None:
    assert diversity(torch.ones(2, 1, 3)) == 0


def test_minimising_it_turns_parts_apart() -> None:
    pairs, batch = full_batch([0, 0, 1, 1])
    parts = (1 + 0.1 * pairs.image.views["stripes"].detach()).requires_grad_()
    loss = losses.create("diversity", {}, Sizes(12, 2, 3, 4))[1]
    optimizer = torch.optim.Adam([parts], lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        loss(Encoded(of_parts(parts)), batch).backward()
        optimizer.step()
    assert diversity(parts.detach()) < 0.01


def test_margin_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match="margin is 1"):
        losses.create("diversity", {"margin": 1.0}, Sizes(4, 2))
