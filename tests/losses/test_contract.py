"""What every loss promises, whatever it computes."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from tests.losses.batches import batch_of, encoded, random_pairs
from textreid import losses
from textreid.errors import InputError, UnknownNameError
from textreid.losses import Sizes
from textreid.types import Encoded

LABELS = {
    "pairs": [0, 0, 1, 1, 2, 2, 3, 3],
    "no two images of a person": [0, 1, 2, 3, 4, 5, 6, 7],
    "one person": [5] * 8,
    "uneven": [0, 1, 1, 1, 1, 1, 2, 7],
}


@pytest.fixture(params=losses.names())
def loss(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return losses.create(request.param, {}, Sizes(8, 8))[1]


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_finite_scalar_with_finite_gradients(loss: nn.Module, labels: list[int]) -> None:
    pairs = random_pairs(8)
    value = loss(pairs, batch_of(labels))
    value.backward()
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert value >= -1e-6
    for features in (pairs.image.pooled, pairs.text.pooled):
        assert features.grad is not None
        assert features.grad.isfinite().all()


def test_order_of_the_batch_does_not_matter(loss: nn.Module) -> None:
    pairs, labels = random_pairs(8), torch.tensor(LABELS["uneven"])
    order = torch.randperm(8, generator=torch.Generator().manual_seed(1))
    shuffled = encoded(pairs.image.pooled[order], pairs.text.pooled[order])
    expected = loss(pairs, batch_of(labels.tolist()))
    torch.testing.assert_close(loss(shuffled, batch_of(labels[order].tolist())), expected)


def test_inputs_are_left_alone(loss: nn.Module) -> None:
    pairs, batch = random_pairs(8), batch_of(LABELS["pairs"])
    before = [tensor.detach().clone() for tensor in (pairs.image.pooled, pairs.text.pooled, batch.labels)]
    loss(pairs, batch).backward()
    after = [pairs.image.pooled, pairs.text.pooled, batch.labels]
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_half_precision_features_do_not_overflow(loss: nn.Module) -> None:
    pairs = random_pairs(8)
    half = encoded((100 * pairs.image.pooled).half(), (100 * pairs.text.pooled).half())
    value = loss(half, batch_of(LABELS["pairs"]))
    assert value.dtype == torch.float32
    assert value.isfinite()


def test_minimising_it_draws_a_person_together_and_apart_from_others(loss: nn.Module) -> None:
    pairs, batch = random_pairs(8), batch_of(LABELS["pairs"])
    before = gap(pairs, batch.labels)
    optimizer = torch.optim.Adam([pairs.image.pooled, pairs.text.pooled, *loss.parameters()], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        loss(pairs, batch).backward()
        optimizer.step()
    assert gap(pairs, batch.labels) > before + 0.3


def gap(pairs: Encoded, labels: Tensor) -> float:
    """Mean cosine of sentences with images of their own person, less that with images of others."""
    image, text = (
        nn.functional.normalize(x.detach(), dim=1) for x in (pairs.image.pooled, pairs.text.pooled)
    )
    cosine, same = text @ image.T, labels[:, None] == labels
    return float(cosine[same].mean() - cosine[~same].mean())


@pytest.mark.parametrize("name", losses.names())
def test_weight_is_an_option_of_every_loss(name: str) -> None:
    assert losses.create(name, {"weight": 0.25}, Sizes(4, 2))[0] == 0.25


@pytest.mark.parametrize("name", losses.names())
def test_config_is_frozen(name: str) -> None:
    _, module = losses.create(name, {}, Sizes(4, 2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        module.config.weight = 2.0


def test_unknown_loss_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'triplet'"):
        losses.create("triplets", {}, Sizes(4, 2))


def test_unknown_option_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"loss\.triplet called 'margins'.*Did you mean 'margin'"):
        losses.create("triplet", {"margins": 0.1}, Sizes(4, 2))


def test_option_of_the_wrong_type_is_refused() -> None:
    with pytest.raises(InputError, match=r"loss\.sdm\.temperature: expected float, found 'cold'"):
        losses.create("sdm", {"temperature": "cold"}, Sizes(4, 2))
