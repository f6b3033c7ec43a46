"""What every scorer of an image and a text promises, whatever it computes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.errors import InputError, UnknownNameError
from textreid.models import matchers
from textreid.models.matchers import Matcher

CASES: dict[str, dict[str, Any]] = {
    "cross_attention": {"width": 32, "heads": 2},
    "gna_rnn": {"units": 32, "hidden": 16, "width": 16},
}
"""Name -> options that make it small."""
OUTFITS = [(0, 1), (1, 0), (2, 3), (3, 2), (0, 2), (2, 0), (1, 3), (3, 1)]
"""Colours of shirt and trousers; each pair comes both ways round."""


def test_every_matcher_is_tested() -> None:
    assert set(CASES) == set(matchers.names(Matcher))


@pytest.fixture(params=CASES)
def matcher(request: pytest.FixtureRequest) -> Matcher:
    torch.manual_seed(0)
    options = {"name": request.param} | CASES[request.param]
    return matchers.create(options, image_width=6, other_width=6)


def images(n: int, k: int) -> Tensor:
    return torch.randn(n, k, 4, 6, generator=torch.Generator().manual_seed(1))


def texts(n: int) -> tuple[Tensor, Tensor]:
    tokens = torch.randn(n, 5, 6, generator=torch.Generator().manual_seed(2))
    return tokens, torch.arange(5) < torch.tensor([5, 2, 1])[:n, None]


def test_one_float32_logit_for_each_image_of_each_text(matcher: Matcher) -> None:
    tokens, mask = texts(3)
    read = matcher.read_images(images(3, 2))
    assert read.shape[:3] == (3, 2, 4)
    logits = matcher.score_pairs(read, tokens, mask)
    assert logits.shape == (3, 2)
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()


def test_pairs_do_not_see_each_other(matcher: Matcher) -> None:
    matcher.eval()
    tokens, mask = texts(3)
    read = matcher.read_images(images(3, 4))
    together = matcher.score_pairs(read, tokens, mask)
    for n in range(3):
        for k in range(4):
            alone = matcher.score_pairs(read[n : n + 1, k : k + 1], tokens[n : n + 1], mask[n : n + 1])
            torch.testing.assert_close(alone, together[n : n + 1, k : k + 1])


def test_padding_changes_nothing(matcher: Matcher) -> None:
    matcher.eval()
    tokens, mask = texts(3)
    read = matcher.read_images(images(3, 2))
    together = matcher.score_pairs(read, tokens, mask)
    torch.testing.assert_close(
        matcher.score_pairs(read, torch.where(mask[:, :, None], tokens, 1e3), mask), together
    )
    for n, length in enumerate([5, 2, 1]):
        alone = matcher.score_pairs(read[n : n + 1], tokens[n : n + 1, :length])
        torch.testing.assert_close(alone, together[n : n + 1])


def test_half_precision_gives_float32(matcher: Matcher) -> None:
    tokens, mask = texts(3)
    with torch.autocast("cpu", torch.bfloat16):
        logits = matcher.score_pairs(matcher.read_images(images(3, 2)), tokens, mask)
    assert logits.dtype == torch.float32


def test_every_weight_learns_and_inputs_are_left_alone(matcher: Matcher) -> None:
    pictures, (tokens, mask) = images(3, 2), texts(3)
    before = pictures.clone(), tokens.clone(), mask.clone()
    matcher.score_pairs(matcher.read_images(pictures), tokens, mask).square().sum().backward()
    assert not [name for name, weight in matcher.named_parameters() if weight.grad is None]
    for now, then in zip((pictures, tokens, mask), before, strict=True):
        assert torch.equal(now, then)


def test_learns_to_order_what_pooled_vectors_confuse(matcher: Matcher) -> None:
    """Whoever wears red over blue has, by mean and by maximum, the vector of blue over red."""
    tokens = outfits(OUTFITS)
    pooled = torch.cat([tokens.mean(1), tokens.amax(1)], dim=1)
    torch.testing.assert_close(pooled[0::2], pooled[1::2])
    own = torch.eye(8)
    optimizer = torch.optim.Adam(matcher.parameters(), lr=3e-3)
    for _ in range(200):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(
            everybody(matcher, tokens), own, pos_weight=torch.tensor(7)
        ).backward()
        optimizer.step()
    matcher.eval()
    with torch.no_grad():
        logits = everybody(matcher, tokens)
    assert torch.equal(logits.argmax(1), torch.arange(8))
    assert torch.equal(logits > 0, own.bool())


def everybody(matcher: Matcher, tokens: Tensor) -> Tensor:
    """[8, 8] logits of each row's tokens, as a text, with those of all rows, as images."""
    return matcher.score_pairs(matcher.read_images(tokens)[None].expand(8, -1, -1, -1), tokens)


def outfits(worn: list[tuple[int, int]]) -> Tensor:
    """[N, 2, 6]: for shirt and trousers, which of four colours, and which garment."""
    rows = [[[*colour(a), 1.0, 0.0], [*colour(b), 0.0, 1.0]] for a, b in worn]
    return torch.tensor(rows)


def colour(n: int) -> list[float]:
    return [float(n == m) for m in range(4)]


def test_its_weight_is_an_option_and_its_config_frozen(matcher: Matcher) -> None:
    assert matcher.config.weight >= 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        matcher.config.weight = 2.0


def test_a_table_without_a_name_asks_for_cross_attention() -> None:
    unnamed = matchers.create({"width": 8}, image_width=6, other_width=6)
    named = matchers.create({"name": "cross_attention", "width": 8}, image_width=6, other_width=6)
    assert type(unnamed) is type(named)
    assert unnamed.config == named.config


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": "cross_attentive"}, UnknownNameError, "Did you mean 'cross_attention'"),
        ({"name": "idla"}, UnknownNameError, "no matcher of images and texts called 'idla'"),
        ({"widths": 8}, UnknownNameError, r"model\.matcher called 'widths'.*Did you mean 'width'"),
        ({"width": "8"}, InputError, r"model\.matcher\.width: expected int"),
    ],
)
def test_refusals(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        matchers.create(options, image_width=6, other_width=6)
