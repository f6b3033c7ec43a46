"""Cross-modal projection matching against a loop, and its relation to similarity distribution matching."""

from __future__ import annotations

import math

import pytest
import torch

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.losses import Sizes, sdm
from textreid.losses.cmpm import Config, CrossModalProjectionMatching
from textreid.types import Encoded


@pytest.mark.parametrize("seed", range(5))
def test_against_a_loop(seed: int) -> None:
    labels = torch.randint(0, 4, (9,), generator=torch.Generator().manual_seed(seed)).tolist()
    pairs = random_pairs(9, seed=seed)
    value = CrossModalProjectionMatching(Config(epsilon=1e-6), Sizes(8, 8))(pairs, batch_of(labels)).item()
    assert value == pytest.approx(by_loop(pairs, labels, 1e-6), rel=1e-4)


def by_loop(pairs: Encoded, labels: list[int], epsilon: float) -> float:
    image, text = pairs.image.pooled.detach().double().tolist(), pairs.text.pooled.detach().double().tolist()
    total = 0.0
    for queries, gallery in ((image, text), (text, image)):
        for query, label in zip(queries, labels, strict=True):
            dots = [sum(x * y for x, y in zip(query, other, strict=True)) for other in gallery]
            scores = [math.exp(dot / math.hypot(*other)) for dot, other in zip(dots, gallery, strict=True)]
            hits = [other == label for other in labels]
            for score, hit in zip(scores, hits, strict=True):
                p, q = score / sum(scores), hit / sum(hits)
                total += p * math.log(p / (q + epsilon)) / len(labels)
    return total


def test_vectors_of_one_length_are_a_temperature() -> None:
    pairs, batch = random_pairs(8), batch_of([0, 0, 1, 1, 2, 3, 3, 3])
    long = encoded(*(50 * x / x.norm(dim=1, keepdim=True) for x in (pairs.image.pooled, pairs.text.pooled)))
    other = sdm.SimilarityDistributionMatching(sdm.Config(temperature=1 / 50), Sizes(8, 8))
    projected = CrossModalProjectionMatching(Config(), Sizes(8, 8))
    torch.testing.assert_close(projected(long, batch), other(pairs, batch), rtol=1e-4, atol=1e-5)
