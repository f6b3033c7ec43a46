"""Similarity distribution matching against hand-worked values and a loop."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from tests.helpers.batches import batch_of, pairs_with_cosines, random_pairs
from textreid.losses import Sizes
from textreid.losses.sdm import Config, SimilarityDistributionMatching
from textreid.types import Encoded

COSINES = [[0.5, 0.1], [0.2, 0.4]]


def sdm(scale: float) -> SimilarityDistributionMatching:
    return SimilarityDistributionMatching(Config(temperature=1 / scale, epsilon=1e-8), Sizes(8, 8))


@pytest.mark.parametrize(
    ("scale", "labels", "expected"),
    [(50, [0, 1], 1.691589e-4), (1, [0, 1], 14.318585), (1, [3, 3], 0.0234157)],
)
def test_worked_examples(scale: float, labels: list[int], expected: float) -> None:
    """Worked with epsilon 1e-8; each direction summed over a row, averaged over the rows, then added up."""
    value = sdm(scale)(pairs_with_cosines(COSINES), batch_of(labels))
    assert value.item() == pytest.approx(expected, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_against_a_loop(seed: int) -> None:
    labels = torch.randint(0, 4, (9,), generator=torch.Generator().manual_seed(seed)).tolist()
    pairs = random_pairs(9, seed=seed)
    value = sdm(10)(pairs, batch_of(labels)).item()
    assert value == pytest.approx(by_loop(pairs, labels, scale=10, epsilon=1e-8), rel=1e-4)


def by_loop(pairs: Encoded, labels: list[int], scale: float, epsilon: float) -> float:
    image, text = pairs.image.pooled.detach().double().tolist(), pairs.text.pooled.detach().double().tolist()
    total = 0.0
    for queries, gallery in ((image, text), (text, image)):
        for query, label in zip(queries, labels, strict=True):
            scores = [math.exp(scale * cosine(query, other)) for other in gallery]
            same = [other == label for other in labels]
            for score, is_same in zip(scores, same, strict=True):
                p, q = score / sum(scores), is_same / sum(same)
                total += p * (math.log(p) - math.log(q + epsilon)) / len(labels)
    return total


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def test_perfect_match_costs_nothing() -> None:
    value = sdm(50)(pairs_with_cosines([[1.0, 0.0], [0.0, 1.0]]), batch_of([0, 1]))
    assert value.item() == pytest.approx(0, abs=1e-6)


def test_other_images_of_a_person_are_not_pushed_away() -> None:
    alike = pairs_with_cosines([[0.6, 0.6, 0.0], [0.6, 0.6, 0.0], [0.0, 0.0, 0.9]])
    assert sdm(50)(alike, batch_of([0, 0, 1])) < 1e-3 < sdm(50)(alike, batch_of([0, 1, 2]))


def test_images_without_a_sentence_are_candidates_and_anchors() -> None:
    """Two images of person 0, one sentence: text → image has one row of three, image → text three of one."""
    pairs = pairs_with_cosines([[0.5, 0.1, 0.2]])
    value = sdm(1)(pairs, batch_of([0, 0, 1], described=[0]))
    scores = [math.exp(0.5), math.exp(0.1), math.exp(0.2)]
    p = [score / sum(scores) for score in scores]
    q = [0.5, 0.5, 0.0]
    expected = sum(
        a * math.log(a / (b + 1e-8)) for a, b in zip(p, q, strict=True)
    )  # the other way has p = q = 1
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_with_a_larger_epsilon_it_is_twice_the_reversed_contrast_of_pytorchs_divergence() -> None:
    pairs, labels = random_pairs(8), torch.tensor([0, 0, 1, 1, 2, 3, 3, 3])
    logits = F.cosine_similarity(pairs.text.pooled[:, None], pairs.image.pooled[None], dim=2) / 0.02
    same = (labels[:, None] == labels).float()
    targets = (same / same.sum(dim=1, keepdim=True) + 1e-2).log()
    expected = sum(
        F.kl_div(targets, side.log_softmax(dim=1), log_target=True, reduction="batchmean")
        for side in (logits, logits.T)
    )
    loss = SimilarityDistributionMatching(Config(temperature=0.02, epsilon=1e-2), Sizes(8, 8))
    torch.testing.assert_close(loss(pairs, batch_of(labels.tolist())), expected, rtol=1e-4, atol=1e-5)
