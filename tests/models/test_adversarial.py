"""The losses of a game against worked values; who learns from which, and who stays."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from textreid.models.adversarial import deceiver_loss, discriminator_loss


class Sum(nn.Module):
    """Logit = scale times the sum of a row."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.scale * rows.sum(dim=1)


def test_worked_example() -> None:
    """Who knows nothing pays ln 2 for each kind; one row of logit 1 taken for real and one of -2 for not."""
    judge, nothing = Sum(), torch.zeros(3, 2)
    assert discriminator_loss(judge, nothing, nothing).item() == pytest.approx(2 * math.log(2))
    assert deceiver_loss(judge, nothing).item() == pytest.approx(math.log(2))
    real, fake = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, -1.0]])
    chance = {logit: 1 / (1 + math.exp(-logit)) for logit in (1, -2)}
    expected = -math.log(chance[1]) - math.log(1 - chance[-2])
    assert discriminator_loss(judge, real, fake).item() == pytest.approx(expected)
    assert deceiver_loss(judge, fake).item() == pytest.approx(-math.log(chance[-2]))


def test_the_judge_learns_from_its_own_loss_alone() -> None:
    judge, real, fake = Sum(), torch.ones(2, 3, requires_grad=True), torch.ones(2, 3, requires_grad=True)
    discriminator_loss(judge, real, fake).backward()
    assert judge.scale.grad is not None
    assert real.grad is fake.grad is None
    judge.scale.grad = None
    deceiver_loss(judge, fake).backward()
    assert judge.scale.grad is None
    assert (fake.grad < 0).all()  # towards what the judge takes for real


def test_deceiving_leaves_the_statistics_of_the_judge_alone() -> None:
    judge = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1), nn.Flatten(0)).train()
    before = {name: value.clone() for name, value in judge.state_dict().items()}
    deceiver_loss(judge, torch.randn(4, 3, requires_grad=True)).backward()
    assert all(torch.equal(before[name], value) for name, value in judge.state_dict().items())
