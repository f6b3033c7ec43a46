"""Image–text contrast against PyTorch's cross-entropy, a loop, and another library."""

from __future__ import annotations

import math

import pytest
import torch
from pytorch_metric_learning.losses import NTXentLoss
from torch.nn import functional as F

from tests.helpers.batches import batch_of, pairs_with_cosines, random_pairs
from textreid.errors import InputError
from textreid.losses import Sizes
from textreid.losses.itc import Config, ImageTextContrast
from textreid.types import Encoded

COSINES = [[0.5, 0.1], [0.2, 0.4]]


def itc(**options: object) -> ImageTextContrast:
    return ImageTextContrast(Config(**options), Sizes(8, 8))


def test_worked_example() -> None:
    """Each row and column is ln(1 + exp(difference / .1)) with differences -.4, -.2 and -.3, -.3."""
    value = itc(temperature=0.1)(pairs_with_cosines(COSINES), batch_of([0, 1]))
    rows = [math.log1p(math.exp(-x)) for x in (4, 2, 3, 3)]
    assert value.item() == pytest.approx(sum(rows) / 4, rel=1e-4)


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 1, 2]])
def test_own_targets_are_clips_cross_entropy(labels: list[int]) -> None:
    pairs = random_pairs(6)
    value = itc(targets="own")(pairs, batch_of(labels))
    logits = F.cosine_similarity(pairs.image.pooled[:, None], pairs.text.pooled[None], dim=2) / 0.07
    rows = torch.arange(6)
    torch.testing.assert_close(value, (F.cross_entropy(logits, rows) + F.cross_entropy(logits.T, rows)) / 2)


def test_against_pytorch_metric_learning() -> None:
    pairs, people = random_pairs(6), torch.arange(6)
    image, text = pairs.image.pooled, pairs.text.pooled
    same = people.clone()  # or it takes the sentences for the images themselves
    oracle = NTXentLoss(temperature=0.07)
    expected = (
        oracle(image, people, ref_emb=text, ref_labels=same)
        + oracle(text, people, ref_emb=image, ref_labels=same)
    ) / 2
    torch.testing.assert_close(itc()(pairs, batch_of(people.tolist())), expected)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("soft", [0.0, 0.5])
def test_person_targets_against_a_loop(seed: int, soft: float) -> None:
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 4, (9,), generator=random).tolist()
    described = torch.randperm(9, generator=random)[:6].tolist()
    pairs = random_pairs(9, seed=seed)
    pairs = Encoded(pairs.image, type(pairs.text)(pairs.text.pooled[:6]))
    value = itc(temperature=0.2, soft=soft)(pairs, batch_of(labels, described=described))
    assert value.item() == pytest.approx(by_loop(pairs, labels, described, soft), rel=1e-4)


def by_loop(pairs: Encoded, labels: list[int], described: list[int], soft: float) -> float:
    image, text = pairs.image.pooled.detach().double(), pairs.text.pooled.detach().double()
    text_labels = [labels[row] for row in described]
    total = 0.0
    for queries, gallery, asked, answers in (
        (text, image, text_labels, labels),
        (image, text, labels, text_labels),
    ):
        rows = []
        for query, label in zip(queries, asked, strict=True):
            scores = [float(F.cosine_similarity(query, other, dim=0)) / 0.2 for other in gallery]
            hits = [other == label for other in answers]
            if any(hits):
                log_p = [score - math.log(sum(map(math.exp, scores))) for score in scores]
                shares = [
                    (1 - soft) * hit / sum(hits) + soft * math.exp(p)
                    for hit, p in zip(hits, log_p, strict=True)
                ]
                rows.append(-sum(share * p for share, p in zip(shares, log_p, strict=True)))
        total += sum(rows) / len(rows) / 2
    return total


def test_soft_targets_are_constants() -> None:
    """The gradient of the cross-entropy with respect to the scores is p less the targets: half as large."""
    gradients = []
    for soft in (0.0, 0.5):
        pairs = random_pairs(5)
        itc(soft=soft)(pairs, batch_of([0, 1, 2, 3, 3])).backward()
        gradients.append(pairs.image.pooled.grad)
    torch.testing.assert_close(gradients[1], gradients[0] / 2)


def test_a_learned_temperature_starts_where_it_is_told_and_stays_above_its_limit() -> None:
    loss = itc(learned=True)
    pairs, batch = pairs_with_cosines([[0.9, 0.0], [0.0, 0.9]]), batch_of([0, 1])
    torch.testing.assert_close(loss(pairs, batch), itc()(pairs, batch))
    optimizer = torch.optim.SGD(loss.parameters(), lr=1e6)  # a clear match asks for a cold softmax
    loss(pairs, batch).backward()
    optimizer.step()
    close = pairs_with_cosines([[0.5, 0.49], [0.49, 0.5]])
    assert loss(close, batch).item() == pytest.approx(math.log1p(math.exp(-1)), rel=1e-3)


def test_a_fixed_temperature_is_not_trained() -> None:
    assert not any(parameter.requires_grad for parameter in itc().parameters())


@pytest.mark.parametrize("option", [{"temperature": 0.0}, {"soft": 1.0}])
def test_options_out_of_range_are_refused(option: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(option))):
        Config(**option)
