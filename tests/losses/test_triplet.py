"""Batch-hard triplets against brute force over every triplet."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.losses.batches import batch_of, encoded, pairs_with_cosines, random_pairs
from textreid.losses import Sizes
from textreid.losses.triplet import Config, Triplet


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("margin", [0.1, 0.5])
def test_against_every_triplet(seed: int, margin: float) -> None:
    labels = torch.randint(0, 5, (12,), generator=torch.Generator().manual_seed(seed)).tolist()
    pairs = random_pairs(12, seed=seed)
    image, text = unit(pairs.image.pooled), unit(pairs.text.pooled)
    expected = (
        hardest(image, image, labels, margin, itself=False)
        + hardest(image, text, labels, margin, itself=True)
        + hardest(text, image, labels, margin, itself=True)
    ) / 3
    value = Triplet(Config(margin=margin), Sizes(8, 8))(pairs, batch_of(labels))
    assert value.item() == pytest.approx(expected, abs=1e-5)


def unit(features: Tensor) -> Tensor:
    return features.detach().double() / features.detach().double().norm(dim=1, keepdim=True)


def hardest(anchors: Tensor, others: Tensor, labels: list[int], margin: float, itself: bool) -> float:
    """For each anchor the largest violation of all its triplets; anchors without a triplet do not count."""
    people, worst = range(len(labels)), []
    for a in people:
        violations = [
            max(0.0, margin + float(anchors[a] @ others[n]) - float(anchors[a] @ others[p]))
            for p in people
            for n in people
            if labels[p] == labels[a] != labels[n] and (itself or p != a)
        ]
        if violations:
            worst.append(max(violations))
    return sum(worst) / len(worst) if worst else 0.0


def test_equal_embeddings_cost_the_margin() -> None:
    same = encoded(torch.ones(6, 4), torch.ones(6, 4))
    assert Triplet(Config(margin=0.3), Sizes(8, 8))(
        same, batch_of([0, 0, 1, 1, 2, 2])
    ).item() == pytest.approx(0.3)


def test_separated_people_cost_nothing() -> None:
    apart = pairs_with_cosines([[0.9, 0.0], [0.0, 0.9]])
    assert Triplet(Config(margin=0.5), Sizes(8, 8))(apart, batch_of([0, 1])).item() == 0


def test_worked_example() -> None:
    """cos = [[.5, .1], [.2, .4]], margin .4: text→image 0 and .2, image→text .1 and .1, no image pairs."""
    value = Triplet(Config(margin=0.4), Sizes(8, 8))(
        pairs_with_cosines([[0.5, 0.1], [0.2, 0.4]]), batch_of([0, 1])
    )
    assert value.item() == pytest.approx((0.1 + 0.1 + 0.0) / 3, abs=1e-6)


def test_single_person_gives_zero_with_a_graph() -> None:
    pairs = random_pairs(4)
    value = Triplet(Config(), Sizes(8, 8))(pairs, batch_of([7, 7, 7, 7]))
    value.backward()
    assert value.item() == 0
    assert pairs.image.pooled.grad is not None
    assert not pairs.image.pooled.grad.any()
