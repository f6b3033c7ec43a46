"""Binomial deviance against worked values and a loop."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from tests.helpers.batches import batch_of, pairs_with_cosines, random_pairs
from textreid.losses import Sizes
from textreid.losses.binomial_deviance import BinomialDeviance, Config
from textreid.types import Encoded, Features


def deviance(**options: object) -> BinomialDeviance:
    return BinomialDeviance(Config(**options), Sizes(8, 8))


def test_worked_example() -> None:
    """A positive of .7 costs .513015, a negative of .3 at twice the cost .371101."""
    value = deviance(pairs="across")(pairs_with_cosines([[0.7, 0.3], [0.3, 0.7]]), batch_of([0, 1]))
    assert value.item() == pytest.approx(0.513015 + 0.371101, abs=2e-6)


@pytest.mark.parametrize("pairs", ["images", "across"])
def test_against_a_loop(pairs: str) -> None:
    labels, vectors = [0, 0, 1, 1, 1, 2, -1], random_pairs(7)
    image, text = vectors.image.pooled.detach(), vectors.text.pooled.detach()
    value = deviance(slope=3.0, threshold=0.2, cost=4.0, pairs=pairs)(vectors, batch_of(labels))
    costs: dict[bool, list[float]] = {True: [], False: []}
    for i, one in enumerate(labels):
        for j, other in enumerate(labels):
            if pairs == "images" and (i == j or min(one, other) < 0):
                continue
            same = i == j or (one == other and one >= 0)
            cosine = float(F.cosine_similarity(image[i], (image if pairs == "images" else text)[j], dim=0))
            sign = 1 if same else -4
            costs[same].append(math.log1p(math.exp(-3 * (cosine - 0.2) * sign)))
    expected = sum(sum(kind) / len(kind) for kind in costs.values())
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_the_sum_of_the_cosines_of_stripes_as_in_the_paper() -> None:
    """Three stripes of two people: S = .7 of the pair, -.3 of the others, with a = 2, b = .5 and c = 2."""
    cosines = {True: (0.4, 0.2, 0.1), False: (-0.4, 0.2, -0.1)}
    angles = {same: torch.tensor(values).arccos() for same, values in cosines.items()}
    right = torch.stack([angles[True].cos(), angles[True].sin()], dim=1)
    wrong = torch.stack([angles[False].cos(), angles[False].sin()], dim=1)
    first = torch.tensor([1.0, 0.0]).expand(3, 2)
    stripes = torch.stack([first, right, wrong])  # [3 images, 3 stripes, 2]
    view = Encoded(Features(torch.zeros(3, 1), {"stripes": stripes})).view("stripes")
    loss = deviance(slope=6.0, threshold=1 / 6, pairs="images")
    between = math.log1p(math.exp(4 * (float((right * wrong).sum()) - 0.5)))  # the second and the third
    expected = 0.513015 + (math.log1p(math.exp(4 * (-0.3 - 0.5))) + between) / 2
    assert loss(view, batch_of([0, 0, 1], described=[])).item() == pytest.approx(expected, abs=2e-6)


def test_many_negatives_weigh_as_much_as_one_positive() -> None:
    few = deviance(pairs="across")(pairs_with_cosines([[0.6, 0.1], [0.1, 0.6]]), batch_of([0, 1]))
    rows = [[0.6 if i == j else 0.1 for j in range(9)] for i in range(9)]
    many = deviance(pairs="across")(pairs_with_cosines(rows), batch_of(list(range(9))))
    torch.testing.assert_close(few, many)
