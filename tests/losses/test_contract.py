"""What every loss promises, whatever it computes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.helpers.batches import SIZES, TIE_PEOPLE, batch_of, full_batch, random_pairs, rearranged, tensors
from textreid import losses
from textreid.errors import InputError, UnknownNameError
from textreid.losses import Sizes
from textreid.types import Batch, Encoded, Features

LABELS = {
    "pairs": [0, 0, 1, 1, 2, 2, 3, 3],
    "no two images of a person": [0, 1, 2, 3, 4, 5, 6, 7],
    "one person": [5] * 8,
    "uneven": [0, 1, 1, 1, 1, 1, 2, 7],
    "somebody nobody knows": [0, 0, 1, 1, 1, -1, -1, -1],
    "nobody known": [-1] * 8,
}
DESCRIBED = {"all images": range(8), "some images": [7, 2, 1, 0, 3, 5], "one image": [2], "no image": []}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "identification apart": ("identification", {"classifier": "separate", "neck": False}),
    "identification dropout": ("identification", {"dropout": 0.2}),
    "identification cosine": ("identification", {"head": "cosine", "scale": 16.0}),
    "identification arc": ("identification", {"head": "arc", "scale": 16.0}),
    "identification circle": ("identification", {"head": "circle", "scale": 16.0}),
    "triplet all": ("triplet", {"mining": "all"}),
    "triplet weighted": ("triplet", {"mining": "weighted", "soft": True}),
    "triplet euclidean": ("triplet", {"distance": "euclidean", "pairs": "across"}),
    "verification product": ("verification", {"combine": "product", "dropout": 0.0}),
    "itc own": ("itc", {"targets": "own"}),
    "itc learned": ("itc", {"learned": True, "soft": 0.5}),
    "alignment words": ("alignment", {"phrases": "words"}),
    "distillation of images": ("distillation", {"texts": "images", "embeddings": 0.0}),
}
CASES = {name: (name, {}) for name in losses.names()} | VARIANTS


READ_NO_LABELS = {"distillation"}
"""Losses that learn from images of nobody known too."""


@pytest.fixture(params=CASES)
def loss(request: pytest.FixtureRequest) -> nn.Module:
    return create(request.param)


@pytest.fixture(params=[case for case, (name, _) in CASES.items() if name not in READ_NO_LABELS])
def loss_of_labels(request: pytest.FixtureRequest) -> nn.Module:
    return create(request.param)


def create(case: str, view: str = "global") -> nn.Module:
    torch.manual_seed(0)
    name, options = CASES[case]
    return losses.create(name, options, SIZES[view])[1]


@pytest.mark.parametrize("described", DESCRIBED.values(), ids=DESCRIBED)
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_finite_scalar_with_finite_gradients(
    loss: nn.Module, labels: list[int], described: list[int]
) -> None:
    pairs, batch = full_batch(labels, described=described)
    value = loss(pairs, batch)
    value.backward()
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert value >= -1e-6
    for tensor in (*tensors(pairs), *loss.parameters()):
        assert tensor.grad is None or tensor.grad.isfinite().all()


@pytest.mark.parametrize("case", CASES)
def test_learns_from_a_batch_of_pairs(case: str) -> None:
    """From the global vectors, or if it compares parts, from those of a branch."""
    taught = []
    for view in SIZES:
        loss = create(case, view)
        for _ in range(2):  # one that remembers whom it saw learns from the second batch on
            pairs, batch = full_batch(LABELS["pairs"])
            value = loss(pairs.view(view), batch)
            value.backward()
            assert value.isfinite()
            if value > 0:
                taught += [
                    tensor for tensor in tensors(pairs) if tensor.grad is not None and tensor.grad.any()
                ]
    assert taught


@pytest.mark.parametrize("case", CASES)
def test_on_a_branch_it_leaves_the_global_vectors_alone(case: str) -> None:
    pairs, batch = full_batch(LABELS["pairs"])
    create(case, "stripes")(pairs.view("stripes"), batch).backward()
    for features in (pairs.image, pairs.text):
        assert features.pooled.grad is None or not features.pooled.grad.any()


@pytest.mark.parametrize("tower", [True, False], ids=["no sentences", "no text tower"])
def test_nothing_to_learn_gives_a_zero_with_a_graph(loss: nn.Module, tower: bool) -> None:
    pairs, batch = full_batch(LABELS["nobody known"], described=[])
    pairs = dataclasses.replace(pairs, teacher=None)
    if not tower:
        pairs = Encoded(pairs.image)
    value = loss(pairs, batch)
    value.backward()
    assert value.item() == 0
    assert not any(tensor.grad is not None and tensor.grad.any() for tensor in tensors(pairs))


def test_images_of_nobody_known_do_not_count(loss_of_labels: nn.Module) -> None:
    pairs, batch = full_batch([0, 0, 1, 1, 2, 2, -1, -1], described=[])
    fewer = rearranged(pairs, batch, torch.arange(6), torch.arange(0))
    assert_same_value(loss_of_labels, (pairs, batch), fewer)


def test_a_model_without_text_learns_what_it_learns_without_sentences(loss: nn.Module) -> None:
    pairs, batch = full_batch(LABELS["uneven"], described=[])
    assert_same_value(loss, (pairs, batch), (dataclasses.replace(pairs, text=None), batch))


def test_order_of_images_and_sentences_does_not_matter(loss: nn.Module) -> None:
    pairs, batch = full_batch(LABELS["uneven"], described=DESCRIBED["some images"])
    random = torch.Generator().manual_seed(1)
    images, sentences = (torch.randperm(n, generator=random) for n in (8, 6))
    assert_same_value(loss, (pairs, batch), rearranged(pairs, batch, images, sentences))


def assert_same_value(
    loss: nn.Module, one: tuple[Encoded, Batch], other: tuple[Encoded, Batch], draws: int = 1000
) -> None:
    """Equal values, or means of many draws that are as good as equal, if the loss draws at random."""
    first, again = (drawn(lambda: loss(*one), 2) for _ in range(2))
    if torch.equal(first[:1], first[1:]) and torch.equal(first, again):
        torch.testing.assert_close(loss(*other), first[0], rtol=1e-5, atol=1e-6)
    else:
        left, right = drawn(lambda: loss(*one), draws), drawn(lambda: loss(*other), draws)
        error = (left.var() / draws + right.var() / draws).sqrt()
        assert abs(left.mean() - right.mean()) < 4 * error


@torch.no_grad()
def drawn(value: Callable[[], Tensor], times: int) -> Tensor:
    return torch.stack([value() for _ in range(times)])


def test_a_random_loss_is_a_function_of_torchs_seed(loss: nn.Module) -> None:
    pairs, batch = full_batch(LABELS["pairs"])
    values = []
    for _ in range(2):
        torch.manual_seed(7)
        values.append(loss(pairs, batch))
    assert torch.equal(*values)


def test_inputs_are_left_alone(loss: nn.Module) -> None:
    pairs, batch = full_batch(LABELS["pairs"], described=DESCRIBED["some images"])
    before = [tensor.detach().clone() for tensor in (*tensors(pairs), *tensors(batch))]
    loss(pairs, batch).backward()
    after = (*tensors(pairs), *tensors(batch))
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_half_precision_features_do_not_overflow(loss: nn.Module) -> None:
    pairs, batch = full_batch(LABELS["pairs"])
    features = {name: in_half(getattr(pairs, name)) for name in ("image", "text", "masked")}
    half = dataclasses.replace(pairs, **features)
    value = loss(half, batch)
    assert value.dtype == torch.float32
    assert value.isfinite()


def test_equal_and_empty_vectors_have_finite_gradients(loss: nn.Module) -> None:
    pairs, batch = full_batch(LABELS["pairs"])
    with torch.no_grad():
        for features in (pairs.image, pairs.text):
            features.pooled[:4] = features.pooled[0].clone()
            features.pooled[4:6] = 0
    value = loss(pairs, batch)
    value.backward()
    assert value.isfinite()
    assert all(tensor.grad.isfinite().all() for tensor in tensors(pairs) if tensor.grad is not None)


def in_half(features: Features) -> Features:
    """The features in float16, the pooled vectors 100 times as long."""
    return dataclasses.replace(
        features,
        pooled=(100 * features.pooled).half(),
        tokens=features.tokens.half(),
        views={name: (100 * parts).half() for name, parts in features.views.items()},
    )


@pytest.mark.parametrize("case", TIE_PEOPLE)
def test_minimising_it_draws_a_person_together_and_apart_from_others(case: str) -> None:
    loss, pairs, batch = create(case), random_pairs(8), batch_of(LABELS["pairs"])
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
    assert losses.create(name, {"weight": 0.25}, SIZES["global"])[0] == 0.25


@pytest.mark.parametrize("name", losses.names())
def test_config_is_frozen(name: str) -> None:
    _, module = losses.create(name, {}, SIZES["global"])
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
