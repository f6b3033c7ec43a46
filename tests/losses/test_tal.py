"""Triplet alignment against worked values and a loop with plain exponentials."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from tests.helpers.batches import batch_of, encoded, pairs_with_cosines, random_pairs
from textreid.losses import Sizes
from textreid.losses.tal import Config, TripletAlignment

COSINES = [[0.5, 0.45, 0.1], [0.2, 0.4, 0.38], [0.1, 0.3, 0.6]]


def tal(**options: float) -> TripletAlignment:
    return TripletAlignment(Config(**options), Sizes(8, 8))


@pytest.mark.parametrize(("pair", "expected"), [(0, 0.0500000), (1, 0.2300008), (2, 0.0)])
def test_worked_example(pair: int, expected: float) -> None:
    trust = [float(k == pair) for k in range(3)]
    value = tal()(pairs_with_cosines(COSINES), batch_of([0, 1, 2], trust=trust))
    assert value.item() == pytest.approx(expected, abs=2e-6)


def test_worked_example_of_all_pairs() -> None:
    value = tal()(pairs_with_cosines(COSINES), batch_of([0, 1, 2]))
    assert value.item() == pytest.approx((0.05 + 0.2300008) / 3, abs=2e-6)


@pytest.mark.parametrize("seed", range(5))
def test_against_a_loop(seed: int) -> None:
    labels = torch.randint(0, 4, (9,), generator=torch.Generator().manual_seed(seed)).tolist()
    pairs = random_pairs(9, seed=seed)
    image, text = pairs.image.pooled.detach().double(), pairs.text.pooled.detach().double()
    cosines = F.cosine_similarity(text[:, None], image[None], dim=2)
    expected = sum(one_way(row, labels, 0.2, 0.1) for row in (cosines.tolist(), cosines.T.tolist()))
    value = tal(margin=0.2, temperature=0.1)(pairs, batch_of(labels))
    assert value.item() == pytest.approx(expected, rel=1e-4)


def one_way(cosines: list[list[float]], labels: list[int], margin: float, temperature: float) -> float:
    total = 0.0
    for row, label in zip(cosines, labels, strict=True):
        mine = [s for s, other in zip(row, labels, strict=True) if other == label]
        rest = [s for s, other in zip(row, labels, strict=True) if other != label]
        shares = [math.exp(s / temperature) for s in mine]
        positive = sum(share * s for share, s in zip(shares, mine, strict=True)) / sum(shares)
        negative = temperature * math.log(sum(math.exp(s / temperature) for s in rest))
        total += max(0.0, margin + negative - positive)
    return total / len(labels)


def test_shares_of_positives_are_constants() -> None:
    """With one person's two sentences, an image's positive moves by its share, not by the share's change."""
    pairs = pairs_with_cosines([[0.6, 0.0], [0.4, 0.0], [0.0, 0.5]])
    text = pairs.text.pooled
    batch = batch_of([0, 1], described=[0, 0, 1], trust=[1.0, 1.0, 0.0])
    tal(margin=2.0, temperature=0.5)(pairs, batch).backward()
    share = 1 / (1 + math.exp((0.4 - 0.6) / 0.5))
    along_image = text.grad[:2, 0] * 0.5  # the texts have length .5: the gradient in their cosine
    own = torch.tensor([share, 1 - share])  # image -> text
    alone = torch.full((2,), 0.5)  # text -> image, a mean over two sentences
    expected = -(own + alone) * torch.tensor([1 - 0.6**2, 1 - 0.4**2])
    torch.testing.assert_close(along_image, expected, rtol=1e-4, atol=1e-5)


def test_cold_temperatures_overflow_nowhere() -> None:
    """exp(1 / 1e-3) is no float; the smooth maximum is the maximum by then."""
    value = tal(temperature=1e-3)(pairs_with_cosines([[0.5, 0.3], [0.3, 0.5]]), batch_of([0, 1]))
    assert value.item() == 0
    close = tal(temperature=1e-3)(pairs_with_cosines([[0.5, 0.45], [0.45, 0.5]]), batch_of([0, 1]))
    assert close.item() == pytest.approx(0.05 * 2, abs=1e-5)


def test_a_batch_of_one_person_costs_nothing() -> None:
    pairs = encoded(torch.ones(3, 4, requires_grad=True), torch.ones(3, 4))
    value = tal()(pairs, batch_of([2, 2, 2]))
    value.backward()
    assert value.item() == 0
    assert not pairs.image.pooled.grad.any()
