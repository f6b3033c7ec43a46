"""Contrast with everything: against a plain softmax over all rows, in one batch and in several."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torch import Tensor
from torch.nn import functional as F

from textreid.training.stages.locked.memory_bank import MemoryBankContrast, soft_targets

ROWS, OTHERS = 24, 10
TEMPERATURE = 0.2


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def own() -> Tensor:
    """[24, 10], the one that each row belongs to: every one of them has rows."""
    return F.one_hot(torch.arange(ROWS) % OTHERS, OTHERS).double()


@pytest.fixture
def trust() -> Tensor:
    return drawn(ROWS, seed=3).sigmoid()


def whole_loss(logits: Tensor, own: Tensor, trust: Tensor) -> Tensor:
    """Both directions over all rows at once, as a symmetric softmax has it."""
    forth = F.cross_entropy(logits, own, reduction="none")
    targets = own.T * trust
    back = F.cross_entropy(logits.T, targets / targets.sum(dim=1, keepdim=True), reduction="none")
    weights = targets.sum(dim=1)
    return ((forth * trust).sum() / trust.sum() + (back * weights).sum() / weights.sum()) / 2


def unit(*shape: int, seed: int) -> Tensor:
    return F.normalize(drawn(*shape, seed=seed), dim=1)


@pytest.fixture
def fixed() -> Tensor:
    """[10, 6], what stands still."""
    return unit(OTHERS, 6, seed=2)


def logits_of(points: Tensor, fixed: Tensor) -> Tensor:
    return points @ fixed.T / TEMPERATURE


def test_a_batch_of_all_rows_is_the_symmetric_softmax(own: Tensor, trust: Tensor, fixed: Tensor) -> None:
    points = unit(ROWS, 6, seed=0)
    mine, plain = points.clone().requires_grad_(), points.clone().requires_grad_()
    contrast = MemoryBankContrast(unit(ROWS, 6, seed=1), fixed, trust @ own, temperature=TEMPERATURE)
    loss = contrast(mine, torch.arange(ROWS), mine @ fixed.T, own, trust)
    expected = whole_loss(logits_of(plain, fixed), own, trust)
    assert loss.item() == pytest.approx(expected.item())
    loss.backward()
    expected.backward()
    torch.testing.assert_close(mine.grad, plain.grad)


def test_the_gradients_of_batches_add_up_to_the_whole(own: Tensor, fixed: Tensor) -> None:
    """As long as rows stand still."""
    points, trust = unit(ROWS, 6, seed=0), torch.ones(ROWS, dtype=torch.float64)
    mine, plain = points.clone().requires_grad_(), points.clone().requires_grad_()
    contrast = MemoryBankContrast(points, fixed, trust @ own, temperature=TEMPERATURE)
    batches = torch.randperm(ROWS, generator=torch.Generator().manual_seed(5)).split(4)
    losses = [contrast(mine[rows], rows, mine[rows] @ fixed.T, own[rows], trust[rows]) for rows in batches]
    torch.stack(losses).mean().backward()
    expected = whole_loss(logits_of(plain, fixed), own, trust)
    expected.backward()
    torch.testing.assert_close(mine.grad, plain.grad)
    for loss in losses:  # a batch's own rows are all that differs
        assert loss.item() == pytest.approx(expected.item(), rel=0.5)


def test_rows_are_remembered_as_last_seen(own: Tensor, fixed: Tensor) -> None:
    """After any number of batches the sums are those of a new start from the rows as they are now."""
    trust = torch.ones(ROWS, dtype=torch.float64)
    contrast = MemoryBankContrast(unit(ROWS, 6, seed=0), fixed, trust @ own, temperature=TEMPERATURE)
    now = unit(ROWS, 6, seed=7)
    for _ in range(3):
        for rows in torch.arange(ROWS).split(5):
            contrast(now[rows], rows, now[rows] @ fixed.T, own[rows], trust[rows])
    new = MemoryBankContrast(now, fixed, trust @ own, temperature=TEMPERATURE)
    torch.testing.assert_close(contrast.seen, new.seen)
    torch.testing.assert_close(contrast.total, new.total)


def test_learning_in_batches_reaches_what_learning_from_all_rows_does(fixed: Tensor) -> None:
    own = F.one_hot(torch.arange(OTHERS), OTHERS).double()
    trust = torch.ones(OTHERS, dtype=torch.float64)
    ends = []
    for size in (OTHERS, 2):
        points = drawn(OTHERS, 6, seed=4).requires_grad_()
        start = F.normalize(points.detach(), dim=1)
        contrast = MemoryBankContrast(start, fixed, trust, temperature=TEMPERATURE)
        optimizer = torch.optim.SGD([points], lr=0.1)
        for _ in range(300 * size):
            for rows in torch.arange(OTHERS).split(size):
                optimizer.zero_grad()
                vectors = F.normalize(points[rows], dim=1)
                contrast(vectors, rows, vectors @ fixed.T, own[rows], trust[rows]).backward()
                optimizer.step()
        with torch.no_grad():
            ends.append(whole_loss(logits_of(F.normalize(points, dim=1), fixed), own, trust).item())
    assert ends[1] == pytest.approx(ends[0], rel=0.02)


def test_nobody_trusted_is_no_loss(own: Tensor, fixed: Tensor) -> None:
    points, rows = unit(ROWS, 6, seed=0), torch.arange(4)
    nobody = torch.zeros(ROWS, dtype=torch.float64)
    contrast = MemoryBankContrast(points, fixed, nobody @ own, temperature=TEMPERATURE)
    assert contrast(points[rows], rows, points[rows] @ fixed.T, own[rows], nobody[rows]).item() == 0


@pytest.mark.parametrize("identity_share", [0.0, 0.3, 1.0])
def test_targets_make_the_cross_entropy_of_scikit_learn(identity_share: float) -> None:
    """A choice that is right in several ways is a row for each of them, weighed by how right it is."""
    weights = torch.tensor([1.0, 0.4, 0.6, 1.0])
    own = torch.tensor([[True, True, False, False], [False, False, True, False]])
    same = torch.tensor([[True, True, True, False], [True, True, True, False]])
    logits = drawn(2, 4, seed=6)
    targets = soft_targets(own, same, weights, identity_share=identity_share)
    losses = F.cross_entropy(logits, targets.double(), reduction="none")
    for row in range(2):
        alone = np.where(own[row], weights, 0)
        together = np.where(same[row], weights, 0)
        weight = (1 - identity_share) * alone / alone.sum() + identity_share * together / together.sum()
        chances = [logits[row].softmax(0).tolist()] * 4
        expected = log_loss([0, 1, 2, 3], chances, sample_weight=weight, labels=[0, 1, 2, 3])
        assert losses[row].item() == pytest.approx(expected, abs=1e-6)
    assert math.isclose(float(targets.sum()), 2, abs_tol=1e-6)
