"""Identification against hand-worked values: one classifier after two necks."""

from __future__ import annotations

import pytest
import torch

from tests.losses.batches import batch_of, encoded, random_pairs
from textreid.losses import Sizes
from textreid.losses.identification import Config, Identification


def transparent(smoothing: float) -> Identification:
    """Three classes whose logits are the features: the necks pass through, the classifier is the identity."""
    loss = Identification(Config(smoothing=smoothing), Sizes(3, 3)).eval()
    for neck in (loss.image_neck, loss.text_neck):
        neck.running_var -= neck.eps
    with torch.no_grad():
        loss.classifier.weight.copy_(torch.eye(3))
    return loss


def test_worked_example() -> None:
    """z = [1, 2, 3], class 2: -ln softmax = 0.4076060; gradient softmax - onehot, half for each modality."""
    z = torch.tensor([[1.0, 2.0, 3.0]])
    pairs = encoded(z.clone().requires_grad_(), z.clone().requires_grad_())
    value = transparent(smoothing=0)(pairs, batch_of([2]))
    value.backward()
    assert value.item() == pytest.approx(0.4076060, abs=1e-6)
    gradient = torch.tensor([[0.0900306, 0.2447285, 0.6652410 - 1]]) / 2
    torch.testing.assert_close(pairs.image.pooled.grad, gradient, atol=1e-6, rtol=0)
    torch.testing.assert_close(pairs.text.pooled.grad, gradient, atol=1e-6, rtol=0)


def test_smoothing_mixes_in_every_class() -> None:
    """0.9 · 0.407606 + 0.1 · mean(2.407606, 1.407606, 0.407606) = 0.507606."""
    z = torch.tensor([[1.0, 2.0, 3.0]])
    value = transparent(smoothing=0.1)(encoded(z, z), batch_of([2]))
    assert value.item() == pytest.approx(0.5076060, abs=1e-6)


def test_untrained_classifier_is_undecided() -> None:
    """Weights of about 0.001 give almost equal logits: the loss is ln C."""
    loss = Identification(Config(smoothing=0), Sizes(8, 100))
    assert loss(random_pairs(16), batch_of(list(range(16)))).item() == pytest.approx(4.60517, abs=0.02)


def test_necks_remove_what_all_rows_share() -> None:
    loss = Identification(Config(), Sizes(8, 8))
    pairs, batch = random_pairs(8), batch_of([0, 1, 2, 3, 4, 5, 6, 7])
    moved = encoded(5 * pairs.image.pooled + 3, pairs.text.pooled - 7)
    torch.testing.assert_close(loss(moved, batch), loss(pairs, batch), atol=1e-4, rtol=0)


def test_modalities_share_one_classifier() -> None:
    loss = Identification(Config(), Sizes(8, 8))
    assert [name for name, _ in loss.named_parameters() if "classifier" in name] == ["classifier.weight"]
    pairs, batch = random_pairs(8), batch_of([0, 1, 2, 3, 4, 5, 6, 7])
    torch.testing.assert_close(
        loss(encoded(pairs.text.pooled, pairs.image.pooled), batch), loss(pairs, batch)
    )


def test_neck_has_no_bias_to_learn() -> None:
    loss = Identification(Config(), Sizes(8, 8))
    trained = {name for name, weight in loss.named_parameters() if weight.requires_grad}
    assert trained == {"image_neck.weight", "text_neck.weight", "classifier.weight"}
