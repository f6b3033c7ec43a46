"""The losses of a game against worked values; who learns from which, and who stays."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from textreid.models.adversarial import deceiver_loss, discriminator_loss
from textreid.models.discriminator import DomainDiscriminator


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


def test_an_encoder_of_shifted_data_learns_to_be_taken_for_the_source() -> None:
    """ADDA on two classes of points, of which the target is the source turned and moved, without labels."""
    torch.manual_seed(0)
    classes = torch.arange(400) % 2
    middles = torch.tensor([[-2.0, 0.0], [2.0, 0.0]])[classes]
    source, unseen = (middles + 0.5 * torch.randn(400, 2) for _ in range(2))
    target = unseen @ torch.tensor([[0.94, 0.34], [-0.34, 0.94]]) + torch.tensor([1.8, 1.0])
    encoder = nn.Linear(2, 2)
    with torch.no_grad():
        encoder.weight.copy_(torch.eye(2))
        encoder.bias.zero_()
    judge = DomainDiscriminator(2, hidden=32)
    optimizer = torch.optim.Adam([*judge.parameters(), *encoder.parameters()], lr=3e-3, betas=(0.5, 0.999))

    def right() -> float:
        """How many of the target are on the side of their class in the source, x below or above 0."""
        return float(((encoder(target)[:, 0] > 0) == classes.bool()).float().mean())

    def told_apart() -> float:
        """How well a judge that begins anew tells half of the points, having learned the others."""
        torch.manual_seed(1)
        fresh, mapped = DomainDiscriminator(2, hidden=32), encoder(target).detach()
        own = torch.optim.Adam(fresh.parameters(), lr=1e-2)
        for _ in range(100):
            own.zero_grad()
            discriminator_loss(fresh, source[:200], mapped[:200]).backward()
            own.step()
        right = (fresh(source[200:]) > 0).float().mean() + (fresh(mapped[200:]) < 0).float().mean()
        return float(right / 2)

    before = right(), told_apart()
    for _ in range(800):
        optimizer.zero_grad()
        mapped = encoder(target)
        (discriminator_loss(judge, source, mapped) + deceiver_loss(judge, mapped)).backward()
        optimizer.step()
    assert before[0] < 0.9
    assert before[1] > 0.95
    assert right() > 0.98
    assert told_apart() < 0.65


def test_deceiving_leaves_the_statistics_of_the_judge_alone() -> None:
    judge = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1), nn.Flatten(0)).train()
    before = {name: value.clone() for name, value in judge.state_dict().items()}
    deceiver_loss(judge, torch.randn(4, 3, requires_grad=True)).backward()
    assert all(torch.equal(before[name], value) for name, value in judge.state_dict().items())
