"""Who belongs together, against the definition pair by pair."""

from __future__ import annotations

import pytest
import torch

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.pairs import comparisons, image_image, text_image
from textreid.types import Encoded, Features

LABELS = [3, 3, 0, -1, -1, 0, 5]
DESCRIBED = [6, 0, 4, 0, 3]


def test_sentences_with_images() -> None:
    same = text_image(batch_of(LABELS, described=DESCRIBED))
    for t, row in enumerate(DESCRIBED):
        for i, label in enumerate(LABELS):
            assert bool(same[t, i]) == (i == row or (label == LABELS[row] and label >= 0))


def test_images_with_images() -> None:
    positive, negative = image_image(batch_of(LABELS))
    for i, one in enumerate(LABELS):
        for j, other in enumerate(LABELS):
            known = one >= 0 and other >= 0
            assert bool(positive[i, j]) == (known and one == other and i != j)
            assert bool(negative[i, j]) == (known and one != other)


def test_trust_in_anchors() -> None:
    """An image counts as much as its own sentences, on average, and in full where it has none."""
    batch = batch_of(LABELS, described=DESCRIBED, trust=[0.5, 1.0, 0.0, 0.2, 0.3])
    pairs = encoded(torch.randn(7, 4), torch.randn(5, 4))
    images, sentences, described = comparisons(pairs, batch)
    torch.testing.assert_close(images.trust, torch.ones(7))
    torch.testing.assert_close(sentences.trust, batch.trust)
    torch.testing.assert_close(described.trust, torch.tensor([0.6, 1.0, 1.0, 0.3, 0.0, 1.0, 0.5]))


@pytest.mark.parametrize(("pairs", "count"), [("all", 3), ("images", 1), ("across", 2)])
def test_what_is_compared(pairs: str, count: int) -> None:
    batch = batch_of([0, 0, 1])
    found = comparisons(random_pairs(3), batch, pairs)
    assert len(found) == count
    for side in found:
        assert not (side.positive & side.negative).any()
        assert side.cosine.shape == side.positive.shape


def test_directions_across_are_each_others_transpose() -> None:
    sentences, images = comparisons(random_pairs(4), batch_of([0, 0, 1, -1]), "across")
    torch.testing.assert_close(sentences.cosine, images.cosine.T)
    assert torch.equal(sentences.positive, images.positive.T)
    assert torch.equal(sentences.negative, images.negative.T)


@pytest.mark.parametrize("text", [None, Features(torch.zeros(0, 4))])
def test_without_sentences_nothing_is_compared_across(text: Features | None) -> None:
    pairs = Encoded(Features(torch.zeros(2, 4)), text)
    assert comparisons(pairs, batch_of([0, 1], described=[]), "across") == []
    assert len(comparisons(pairs, batch_of([0, 1], described=[]))) == 1
