"""Identification against hand-worked values, and its margins against another library."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from pytorch_metric_learning.losses import ArcFaceLoss, CosFaceLoss, NormalizedSoftmaxLoss
from torch import Tensor, nn

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.errors import InputError
from textreid.losses import Sizes
from textreid.losses._heads import Head
from textreid.losses.identification import Config, Identification
from textreid.types import Encoded, Features


def transparent(smoothing: float) -> Identification:
    """Three classes whose logits are the features: the necks pass through, the classifier is the identity."""
    loss = Identification(Config(smoothing=smoothing), Sizes(3, 3)).eval()
    for norm, _ in (loss.image_neck, loss.text_neck):
        norm.running_var -= norm.eps
    return with_class_vectors(loss, torch.eye(3))


def with_class_vectors(loss: Identification, *weights: Tensor) -> Identification:
    """The loss with these class vectors [C, D'] or [P, C, D'], for each classifier that it has."""
    with torch.no_grad():
        for classifier, weight in zip(loss.classifiers, weights, strict=True):
            classifier.weight.copy_(weight)
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
    assert len(loss.classifiers) == 1
    pairs, batch = random_pairs(8), batch_of([0, 1, 2, 3, 4, 5, 6, 7])
    torch.testing.assert_close(
        loss(encoded(pairs.text.pooled, pairs.image.pooled), batch), loss(pairs, batch)
    )


def test_separate_classifiers() -> None:
    """The image's says class 2, the sentence's the reverse: -ln softmax is .407606 and 2.407606."""
    loss = Identification(Config(smoothing=0, neck=False, classifier="separate"), Sizes(3, 3))
    z = torch.tensor([[1.0, 2.0, 3.0]])
    value = with_class_vectors(loss, torch.eye(3), torch.eye(3).flip(0))(encoded(z, z), batch_of([2]))
    assert value.item() == pytest.approx((0.4076060 + 2.4076060) / 2, abs=1e-6)


def test_neck_has_no_bias_to_learn() -> None:
    loss = Identification(Config(), Sizes(8, 8))
    trained = {name for name, weight in loss.named_parameters() if weight.requires_grad}
    assert trained == {"image_neck.0.weight", "text_neck.0.weight", "classifiers.0.weight"}


def test_each_part_has_class_vectors_of_its_own() -> None:
    """Two parts of length 2, two people: each part's cross-entropy by hand, then their mean."""
    parts = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]])
    weights = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 1.0]]])
    loss = Identification(Config(smoothing=0, neck=False), Sizes(4, 2, parts=2, part_dim=2))
    image = Features(torch.zeros(1, 4), {"stripes": parts}).view("stripes")
    value = with_class_vectors(loss, weights)(Encoded(image), batch_of([0], described=[]))
    expected = (math.log(1 + math.exp(-1)) + math.log(2)) / 2  # logits (1, 0) and (2, 2)
    assert value.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("parts", [1, 3])
def test_parts_share_nothing(parts: int) -> None:
    """The mean of as many losses, each on one part."""
    random = torch.Generator().manual_seed(0)
    vectors, weights = (torch.randn(n, parts, 4, generator=random) for n in (6, 5))
    labels = [0, 0, 1, 4, 4, 2]
    whole = Identification(Config(), Sizes(4 * parts, 5, parts=parts))
    image = Features(vectors.flatten(1), {"stripes": vectors}).view("stripes")
    value = with_class_vectors(whole, weights.transpose(0, 1))(Encoded(image), batch_of(labels, described=[]))
    alone = [
        with_class_vectors(Identification(Config(), Sizes(4, 5)), weights[:, p])(
            encoded(vectors[:, p]), batch_of(labels, described=[])
        )
        for p in range(parts)
    ]
    torch.testing.assert_close(value, torch.stack(alone).mean())


@pytest.mark.parametrize(
    ("head", "margin", "oracle"),
    [
        ("cosine", 0.0, lambda m: NormalizedSoftmaxLoss(6, 8, temperature=1 / 16)),
        ("cosine", 0.35, lambda m: CosFaceLoss(6, 8, margin=m, scale=16)),
        ("arc", 0.5, lambda m: ArcFaceLoss(6, 8, margin=math.degrees(m), scale=16)),
        ("arc", 1.5, lambda m: ArcFaceLoss(6, 8, margin=math.degrees(m), scale=16)),
    ],
)
def test_margins_against_pytorch_metric_learning(
    head: Head, margin: float, oracle: Callable[[float], nn.Module]
) -> None:
    random = torch.Generator().manual_seed(0)
    vectors, weights = torch.randn(40, 8, generator=random), torch.randn(6, 8, generator=random)
    labels = torch.randint(0, 6, (40,), generator=random)
    config = Config(smoothing=0, neck=False, head=head, scale=16.0, margin=margin)
    value = with_class_vectors(Identification(config, Sizes(8, 6)), weights)(
        encoded(vectors), batch_of(labels.tolist(), described=[])
    )
    other = oracle(margin)
    with torch.no_grad():
        other.W.copy_(weights.T)
    torch.testing.assert_close(value, other(vectors, labels), rtol=1e-4, atol=1e-5)


def test_circle_head() -> None:
    """Cosines .8 with the own class, .4 with the other: logits 64 · .45 · .05 and 64 · .65 · .15."""
    config = Config(smoothing=0, neck=False, head="circle", scale=64.0, margin=0.25)
    weights = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    z = torch.tensor([[0.8, 0.4, math.sqrt(1 - 0.8**2 - 0.4**2)]])
    z.requires_grad_()
    value = with_class_vectors(Identification(config, Sizes(3, 2)), weights)(
        encoded(z), batch_of([0], described=[])
    )
    value.backward()
    assert value.item() == pytest.approx(4.808196, abs=1e-4)
    # the weights .45 and .65 are constants: d/ds = 64 p (-.45, .65), less its part along z (z has length 1)
    slope = 64 / (1 + math.exp(-4.8)) * torch.tensor([-0.45, 0.65, 0.0])
    unit = z.detach()[0]
    torch.testing.assert_close(z.grad[0], slope - (slope @ unit) * unit, rtol=1e-4, atol=1e-4)


def test_dropout_is_for_training() -> None:
    loss = Identification(Config(dropout=0.5), Sizes(8, 8))
    pairs, batch = random_pairs(8), batch_of([0, 1, 2, 3, 4, 5, 6, 7])
    assert loss(pairs, batch) != loss(pairs, batch)
    loss.eval()
    assert loss(pairs, batch) == loss(pairs, batch)


@pytest.mark.parametrize("option", [{"smoothing": 1.0}, {"dropout": -0.1}, {"scale": 0.0}])
def test_options_out_of_range_are_refused(option: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(option))):
        Config(**option)
