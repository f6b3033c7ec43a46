"""Verification: what its classifier sees, which pairs are drawn, and how many."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch.nn import functional as F

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.errors import InputError
from textreid.losses import Sizes
from textreid.losses.verification import Config, Verification
from textreid.pairs import comparisons

LABELS = [person for person in range(6) for _ in range(4)]


def verification(**options: object) -> Verification:
    torch.manual_seed(0)
    return Verification(Config(**options), Sizes(8, 8))


@pytest.mark.parametrize("combine", ["difference", "product"])
def test_it_is_symmetric(combine: str) -> None:
    loss, (left, right) = verification(combine=combine).eval(), torch.randn(2, 5, 8)
    assert torch.equal(loss.logits(left, right), loss.logits(right, left))


def test_equal_vectors_leave_the_bias_alone() -> None:
    loss, vectors = verification(), torch.randn(5, 8)
    torch.testing.assert_close(loss.logits(vectors, vectors), loss.head[1].bias.expand(5, 2))


def test_squared_difference_and_product() -> None:
    left, right = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -1.0]])
    for combine, seen in (("difference", [4.0, 9.0]), ("product", [3.0, -2.0])):
        loss = Verification(Config(combine=combine, dropout=0.0), Sizes(2, 2))
        with torch.no_grad():
            loss.head[1].weight.copy_(torch.eye(2))
            loss.head[1].bias.zero_()
        assert loss.logits(left, right).tolist() == [seen]


@pytest.mark.parametrize(
    ("epoch", "ratio"),
    [(0, 1.0), (1, 1.02), (50, 2 * 1.01**50 - 1), (92, 2 * 1.01**92 - 1), (93, 4.0), (100, 4.0)],
)
def test_negatives_for_each_positive(epoch: int, ratio: float) -> None:
    assert verification().ratio(epoch) == pytest.approx(ratio)


@pytest.mark.parametrize(("epoch", "times"), [(0, 1), (100, 4)])
@pytest.mark.parametrize("pairs", ["images", "across"])
def test_drawn_pairs(epoch: int, times: int, pairs: str) -> None:
    """All positive pairs, and as many negatives as the epoch asks for, none of them twice."""
    for side in comparisons(random_pairs(24), batch_of(LABELS), pairs):
        positive, negative = verification().draw(side, epoch)
        wanted = {
            (i, j)
            for i, j in product(range(24), repeat=2)
            if LABELS[i] == LABELS[j] and (i != j or pairs == "across")
        }
        assert set(map(tuple, positive.tolist())) == wanted
        drawn = set(map(tuple, negative.tolist()))
        assert len(drawn) == len(negative) == times * len(wanted)
        assert all(LABELS[i] != LABELS[j] for i, j in drawn)


def test_too_few_negatives_are_all_used() -> None:
    (side,) = comparisons(encoded(torch.randn(5, 8)), batch_of([0, 0, 0, 0, 1], described=[]), "images")
    positive, negative = verification().draw(side, 100)
    assert (len(positive), len(negative)) == (12, 8)


def test_every_negative_has_its_turn() -> None:
    loss, (side, _) = verification(), comparisons(random_pairs(24), batch_of(LABELS), "across")
    seen = {tuple(pair) for _ in range(60) for pair in loss.draw(side, 0)[1].tolist()}
    assert len(seen) == 24 * 20


def test_value_is_the_cross_entropy_over_the_drawn_pairs() -> None:
    """With as many negatives as there are, nothing is random: a loop over all pairs of both kinds."""
    labels = [0, 0, 1, 1, -1]
    loss, pairs = verification(start=5.0, dropout=0.0), random_pairs(5)
    value = loss(pairs, batch_of(labels))
    image, text = pairs.image.pooled.detach(), pairs.text.pooled.detach()
    within, across = [], []
    for i, j in product(range(5), repeat=2):
        same = labels[i] == labels[j] and labels[i] >= 0
        if i != j and min(labels[i], labels[j]) >= 0:
            within.append(one_pair(loss, image[i], image[j], same))
        across.append(one_pair(loss, image[i], text[j], same or i == j))
    expected = (sum(within) / len(within) + 2 * sum(across) / len(across)) / 3
    assert value.item() == pytest.approx(expected, rel=1e-5)


def one_pair(loss: Verification, left: torch.Tensor, right: torch.Tensor, same: bool) -> float:
    weight, bias = loss.head[1].weight.detach(), loss.head[1].bias.detach()
    different, alike = (weight @ (left - right) ** 2 + bias).tolist()
    margin = alike - different if same else different - alike
    return math.log1p(math.exp(-margin))


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [2, 2, 2, 2]])
def test_without_both_kinds_of_pairs_there_is_nothing_to_learn(labels: list[int]) -> None:
    image = torch.randn(4, 8, requires_grad=True)
    value = verification()(encoded(image), batch_of(labels, described=[]))
    value.backward()
    assert value.item() == 0
    assert not image.grad.any()


def test_seed_decides_what_is_drawn() -> None:
    loss, pairs, batch = verification(dropout=0.0), random_pairs(24), batch_of(LABELS)
    values = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        values.append(loss(pairs, batch).item())
    assert values[0] == values[1] != values[2]


def test_it_learns_to_tell_new_pairs_apart() -> None:
    """Two dimensions that name the person among eight: the classifier finds them."""
    torch.manual_seed(0)
    people = torch.randn(6, 2) * 3
    loss = verification(dropout=0.0, pairs="images")
    optimizer = torch.optim.Adam(loss.parameters(), lr=0.05)

    def crops() -> torch.Tensor:
        return torch.cat([people[LABELS], torch.randn(24, 6)], dim=1)

    for _ in range(200):
        optimizer.zero_grad()
        loss(encoded(crops()), batch_of(LABELS, described=[])).backward()
        optimizer.step()
    images = crops()
    said = loss.logits(images[:, None], images[None]).argmax(dim=2).bool()
    same = torch.tensor(LABELS)[:, None] == torch.tensor(LABELS)
    assert (said == same).float().mean() > 0.9
    assert F.softmax(loss.logits(images, images), dim=1)[0, 1] > 0.5


@pytest.mark.parametrize("option", [{"dropout": 1.0}, {"start": 1.0}, {"end": 0.5}, {"growth": 0.0}])
def test_options_out_of_range_are_refused(option: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(option))):
        Config(**option)
