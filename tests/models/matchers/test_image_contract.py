"""What every scorer of two images promises, whatever it computes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.errors import InputError, UnknownNameError
from textreid.models import matchers
from textreid.models.matchers import ImageMatcher

CASES: dict[str, dict[str, Any]] = {
    "fpnn": {"width": 16, "group": 2, "hidden": 16},
    "gated": {"width": 16, "summary": 8},
    "idla": {"width": 8, "window": 3, "summary": 8, "hidden": 16},
}
"""Name -> options that make it small."""
SYMMETRIC = {"gated"}
MOVED = {"fpnn", "idla"}
"""Matchers that know somebody who stands elsewhere."""
SIZES = [(8, 4), (4, 2), (7, 3), (1, 1)]


def test_every_matcher_is_tested() -> None:
    assert set(CASES) == set(matchers.names(ImageMatcher))


@pytest.fixture(params=CASES)
def matcher(request: pytest.FixtureRequest) -> ImageMatcher:
    return create(request.param)


def create(name: str) -> ImageMatcher:
    torch.manual_seed(0)
    return matchers.create_for_images({"name": name} | CASES[name], image_width=6)


def grids(n: int, size: tuple[int, int] = (8, 4), seed: int = 1) -> Tensor:
    return torch.randn(n, 6, *size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", SIZES)
def test_one_float32_logit_a_pair_on_grids_of_any_size(matcher: ImageMatcher, size: tuple[int, int]) -> None:
    read = matcher.eval().read(grids(3, size))
    assert read.shape[0] == 3
    assert read.shape[2:] == size
    logits = matcher.score_pairs(read, read.flip(0))
    assert logits.shape == (3,)
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


def test_pairs_do_not_see_each_other(matcher: ImageMatcher) -> None:
    left, right = (matcher.eval().read(grids(4, seed=seed)) for seed in (1, 2))
    together = matcher.score_pairs(left, right)
    for n in range(4):
        alone = matcher.score_pairs(left[n : n + 1], right[n : n + 1])
        torch.testing.assert_close(alone, together[n : n + 1])


def test_images_are_read_one_by_one(matcher: ImageMatcher) -> None:
    images = grids(3)
    torch.testing.assert_close(
        matcher.eval().read(images), torch.cat([matcher.read(image[None]) for image in images])
    )


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_two_images_matters_only_where_the_method_says_so(name: str) -> None:
    matcher = create(name).eval()
    left, right = (matcher.read(grids(4, seed=seed)) for seed in (1, 2))
    there, back = matcher.score_pairs(left, right), matcher.score_pairs(right, left)
    assert torch.allclose(there, back, atol=1e-6) == (name in SYMMETRIC)


def test_half_precision_gives_float32(matcher: ImageMatcher) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        read = matcher.read(grids(3))
        logits = matcher.score_pairs(read, read)
    assert logits.dtype == torch.float32


def test_every_weight_learns_and_inputs_are_left_alone(matcher: ImageMatcher) -> None:
    images = grids(4)
    before = images.clone()
    read = matcher.read(images)
    matcher.score_pairs(read[:2], read[2:]).square().sum().backward()
    assert not [name for name, weight in matcher.named_parameters() if weight.grad is None]
    assert torch.equal(images, before)


@pytest.mark.parametrize("name", CASES)
def test_learns_to_order_what_pooled_vectors_confuse(name: str) -> None:
    """Eight people of a colour in each of two stripes; the pooled vectors of each two of them are equal."""
    matcher, random, moves = create(name), torch.Generator().manual_seed(0), name in MOVED
    optimizer = torch.optim.Adam(matcher.parameters(), lr=3e-3)
    same = torch.eye(8).bool()
    for _ in range(150):
        optimizer.zero_grad()
        logits = everybody(matcher, random, moves)
        (F.softplus(-logits[same]).mean() + F.softplus(logits[~same]).mean()).backward()
        optimizer.step()
    with torch.no_grad():
        logits = everybody(matcher.eval(), random, moves)
    assert torch.equal(logits.argmax(1), torch.arange(8))
    assert logits[same].min() > 0
    assert logits[~same].mean() < 0


OUTFITS = [(0, 1), (1, 0), (2, 3), (3, 2), (0, 2), (2, 0), (1, 3), (3, 1)]


def everybody(matcher: ImageMatcher, random: torch.Generator, moves: bool) -> Tensor:
    """[8, 8] logits of each person with each, in two images that may differ by where the person stands."""
    left, right = (matcher.read(people(random, moves)) for _ in range(2))
    every = torch.cartesian_prod(torch.arange(8), torch.arange(8))
    return matcher.score_pairs(left[every[:, 0]], right[every[:, 1]]).view(8, 8)


def people(random: torch.Generator, moves: bool) -> Tensor:
    """[8, 6, 8, 4]: a person two places wide, up to two places to the right, four rows in each colour."""
    images = 0.1 * torch.randn(8, 6, 8, 4, generator=random)
    for image, (upper, lower) in zip(images, OUTFITS, strict=True):
        x = int(torch.randint(3, (), generator=random)) if moves else 1
        image[upper, :4, x : x + 2] += 1
        image[lower, 4:, x : x + 2] += 1
    return images


def test_its_weight_is_an_option_and_its_config_frozen(matcher: ImageMatcher) -> None:
    assert matcher.config.weight >= 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        matcher.config.weight = 2.0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": "idle"}, UnknownNameError, "Did you mean 'idla'"),
        ({"name": "cross_attention"}, UnknownNameError, "no matcher of two images called 'cross_attention'"),
        ({"width": 8}, UnknownNameError, "Known: fpnn, gated, idla"),
        ({"name": "gated", "widths": 8}, UnknownNameError, r"model\.image_matcher called 'widths'"),
        ({"name": "idla", "window": 4}, InputError, "must be odd"),
        ({"name": "fpnn", "width": 10}, InputError, "groups of 4 do not divide"),
    ],
)
def test_refusals(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        matchers.create_for_images(options, image_width=6)
