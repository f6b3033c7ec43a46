"""Triplets against brute force over every one of them, and against another library."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from pytorch_metric_learning.reducers import MeanReducer
from torch import Tensor

from tests.helpers.batches import batch_of, encoded, pairs_with_cosines, random_pairs
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


def triplet(**options: object) -> Triplet:
    return Triplet(Config(**options), Sizes(8, 8))


def excesses(vectors: Tensor, labels: list[int], distance: str) -> dict[int, tuple[list[float], list[float]]]:
    """Anchor -> distances to its positives and to its negatives; unknown people are neither."""
    found = {}
    for a in range(len(labels)):
        far: list[float] = []
        near: list[float] = []
        for b in range(len(labels)):
            if a == b or min(labels[a], labels[b]) < 0:
                continue
            apart = float(
                1 - unit(vectors)[a] @ unit(vectors)[b]
                if distance == "cosine"
                else (vectors[a].detach().double() - vectors[b].detach().double()).norm()
            )
            (far if labels[a] == labels[b] else near).append(apart)
        if far and near:
            found[a] = far, near
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("soft", [False, True])
def test_all_triplets_against_brute_force(seed: int, distance: str, soft: bool) -> None:
    labels = torch.randint(-1, 4, (10,), generator=torch.Generator().manual_seed(seed)).tolist()
    image = random_pairs(10, seed=seed).image.pooled
    costs = [
        math.log1p(math.exp(p - n)) if soft else max(0.0, 0.3 + p - n)
        for far, near in excesses(image, labels, distance).values()
        for p, n in product(far, near)
    ]
    loss = triplet(mining="all", distance=distance, soft=soft, margin=0.3)
    value = loss(encoded(image), batch_of(labels, described=[]))
    assert value.item() == pytest.approx(sum(costs) / len(costs), rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_weighted_triplets_against_a_loop(seed: int) -> None:
    labels = torch.randint(-1, 4, (10,), generator=torch.Generator().manual_seed(seed)).tolist()
    image = random_pairs(10, seed=seed).image.pooled
    costs = []
    for far, near in excesses(image, labels, "euclidean").values():
        positive = sum(p * math.exp(p) for p in far) / sum(math.exp(p) for p in far)
        negative = sum(n * math.exp(-n) for n in near) / sum(math.exp(-n) for n in near)
        costs.append(math.log1p(math.exp(positive - negative)))
    loss = triplet(mining="weighted", distance="euclidean", soft=True)
    value = loss(encoded(image), batch_of(labels, described=[]))
    assert value.item() == pytest.approx(sum(costs) / len(costs), rel=1e-4)


@pytest.mark.parametrize("mining", ["hard", "all"])
def test_against_pytorch_metric_learning(mining: str) -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 3, 3])
    image = random_pairs(10).image.pooled
    apart = LpDistance(normalize_embeddings=False)
    oracle = TripletMarginLoss(margin=0.5, distance=apart, reducer=MeanReducer())
    chosen = BatchHardMiner(distance=apart)(image, labels) if mining == "hard" else None
    value = triplet(mining=mining, distance="euclidean", margin=0.5)(
        encoded(image), batch_of(labels.tolist(), described=[])
    )
    torch.testing.assert_close(value, oracle(image, labels, chosen), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mining", ["hard", "all", "weighted"])
@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_equal_embeddings_cost_the_margin_or_ln_2_whatever_is_mined(mining: str, distance: str) -> None:
    same, batch = torch.ones(6, 4, requires_grad=True), batch_of([0, 0, 1, 1, 2, 2])
    hard = triplet(mining=mining, distance=distance, margin=0.3)(encoded(same, same), batch)
    soft = triplet(mining=mining, distance=distance, soft=True)(encoded(same, same), batch)
    (hard + soft).backward()
    assert hard.item() == pytest.approx(0.3)
    assert soft.item() == pytest.approx(0.693147, abs=1e-6)
    assert same.grad.isfinite().all()


@pytest.mark.parametrize("mining", ["hard", "all", "weighted"])
def test_directions_are_averaged(mining: str) -> None:
    pairs, batch = random_pairs(8), batch_of([0, 0, 1, 1, 2, 2, 3, 3])
    within, across, everything = (
        triplet(mining=mining, pairs=kind)(pairs, batch) for kind in ("images", "across", "all")
    )
    torch.testing.assert_close(everything, (within + 2 * across) / 3)
