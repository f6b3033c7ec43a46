"""The table and the queue of OIM against worked values, and the loss against a loop."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.losses import Sizes
from textreid.losses.oim import OIM, Config


def oim(dim: int = 2, classes: int = 3, **options: Any) -> OIM:
    return OIM(Config(**options), Sizes(dim, classes))


def test_worked_example() -> None:
    """An identity at [1, 0] that sees an image at [0, 1] is half way between them afterwards."""
    loss = oim()
    loss.table[0] = torch.tensor([1.0, 0.0])
    loss.remember(torch.tensor([[0.0, 1.0]]), torch.tensor([0]))
    torch.testing.assert_close(loss.table[0], torch.tensor([0.7071068, 0.7071068]))
    assert not loss.table[1:].any()


def test_images_of_one_identity_move_it_one_after_the_other() -> None:
    """So their order counts: the last weighs the most."""
    first, second = torch.tensor([0.0, 1.0]), torch.tensor([-1.0, 0.0])
    found = []
    for order in ([first, second], [second, first]):
        loss = oim(momentum=0.5)
        loss.table[1] = torch.tensor([1.0, 0.0])
        loss.remember(torch.stack(order), torch.tensor([1, 1]))
        found.append(loss.table[1])
    once = F.normalize(torch.tensor([0.5, 0.5]), dim=0)
    torch.testing.assert_close(found[0], F.normalize(once / 2 + second / 2, dim=0))
    assert not torch.allclose(*found)


def test_the_queue_forgets_whom_it_saw_first() -> None:
    loss = oim(queue=3)
    images = F.normalize(torch.arange(1.0, 11.0).view(5, 2), dim=1)
    loss.remember(images[:2], torch.tensor([-1, -1]))
    assert int(loss.queued) == 2
    loss.remember(images[2:], torch.tensor([-1, -1, -1]))
    torch.testing.assert_close(loss.queue, images[[3, 4, 2]])


def test_against_a_loop() -> None:
    """With two of four places of the queue filled; the others are nobody."""
    labels = [0, 2, -1, 1, 0]
    loss, pairs = oim(8, 3, queue=4, temperature=0.2), random_pairs(5)
    generator = torch.Generator().manual_seed(4)
    loss.table.copy_(F.normalize(torch.randn(3, 8, generator=generator), dim=1))
    loss.remember(F.normalize(torch.randn(2, 8, generator=generator), dim=1), torch.tensor([-1, -1]))
    others = [*loss.table.tolist(), *loss.queue[:2].tolist()]
    costs = []
    for image, label in zip(pairs.image.pooled.tolist(), labels, strict=True):
        length = math.hypot(*image)
        scores = [sum(a * b for a, b in zip(image, one, strict=True)) / length / 0.2 for one in others]
        if label >= 0:
            costs.append(math.log(sum(map(math.exp, scores))) - scores[label])
    value = loss(encoded(pairs.image.pooled), batch_of(labels, described=[]))
    assert value.item() == pytest.approx(sum(costs) / 4, rel=1e-5)


def test_table_and_queue_move_when_it_is_learned_from_and_get_no_gradient() -> None:
    loss, pairs, batch = oim(8, 2), random_pairs(3), batch_of([0, 1, -1], described=[])
    image = encoded(pairs.image.pooled)
    value = loss(image, batch)
    assert not loss.table.any()
    value.backward()
    unit = F.normalize(pairs.image.pooled.detach(), dim=1)
    torch.testing.assert_close(loss.table, unit[:2])
    torch.testing.assert_close(loss.queue[:1], unit[2:])
    assert list(loss.parameters()) == []
    with torch.no_grad():
        loss(image, batch)
    assert int(loss.queued) == 1


def test_who_is_not_known_is_pushed_away_from_and_learns_nothing() -> None:
    loss, batch = oim(2, 1, queue=1), batch_of([0, -1], described=[])
    loss.table[0] = torch.tensor([1.0, 0.0])
    loss.remember(torch.tensor([[0.6, 0.8]]), torch.tensor([-1]))
    vectors = torch.tensor([[0.8, 0.6], [0.0, 1.0]], requires_grad=True)
    loss(encoded(vectors), batch).backward()
    assert not vectors.grad[1].any()
    assert -vectors.grad[0] @ torch.tensor([1.0, 0.0]) > 0
    assert -vectors.grad[0] @ torch.tensor([0.6, 0.8]) < 0
