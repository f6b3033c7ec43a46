"""Pairs that are not believed teach nothing as anchors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.helpers.batches import batch_of, random_pairs
from textreid import losses
from textreid.losses import Sizes

OPTIONS: dict[str, dict[str, Any]] = {
    "sdm": {},
    "itc": {},
    "tal": {},
    "cmpm": {},
    "cmpc": {},
    "triplet": {"pairs": "across"},
    "circle": {"pairs": "across"},
    "binomial_deviance": {"pairs": "across"},
}
PEOPLE = [0, 1, 2, 3, 4, 5]


@pytest.fixture(params=OPTIONS)
def loss(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return losses.create(request.param, OPTIONS[request.param], Sizes(8, 6))[1]


def believing(loss: nn.Module, trust: list[float]) -> float:
    return loss(random_pairs(6), batch_of(PEOPLE, trust=trust)).item()


def test_value_is_the_mean_over_believed_pairs(loss: nn.Module) -> None:
    alone = [believing(loss, [float(i == k) for i in PEOPLE]) for k in PEOPLE]
    assert believing(loss, [1.0] * 6) == pytest.approx(sum(alone) / 6, rel=1e-4)
    assert believing(loss, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]) == pytest.approx(
        (alone[0] + alone[3]) / 2, rel=1e-4
    )
    assert believing(loss, [0.0, 0.75, 0.25, 0.0, 0.0, 0.0]) == pytest.approx(
        0.75 * alone[1] + 0.25 * alone[2], rel=1e-4
    )


def test_believing_nothing_gives_zero_with_a_graph(loss: nn.Module) -> None:
    pairs = random_pairs(6)
    value = loss(pairs, batch_of(PEOPLE, trust=[0.0] * 6))
    value.backward()
    assert value.item() == 0
    assert pairs.image.pooled.grad is not None
    assert not pairs.image.pooled.grad.any()


@pytest.mark.parametrize("name", ["identification", "verification"])
def test_losses_of_identities_do_not_ask_for_trust(name: str) -> None:
    values = []
    for trust in (0.0, 1.0):
        torch.manual_seed(0)
        loss = losses.create(name, {}, Sizes(8, 6))[1]
        values.append(loss(random_pairs(6), batch_of(PEOPLE, trust=[trust] * 6)))
    assert torch.equal(*values)
