"""What every branch promises, whatever it looks at."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from textreid.errors import InputError, UnknownNameError
from textreid.models import branches

GRIDS = {"convolutions": (8, 4), "patches": (24, 8), "odd": (7, 3), "lower than the stripes": (4, 2)}
WIDTHS = {"image_width": 10, "text_width": 12}
VARIANTS = {
    "stripes overlapping": ("stripes", {"count": 3, "overlap": 0.25}),
    "stripes refined": ("stripes", {"refined": True}),
    "stripes both": ("stripes", {"pooling": "both"}),
    "granularity finer": ("granularity", {"counts": [2, 3, 4]}),
}
CASES = {name: (name, {}) for name in branches.names()} | VARIANTS
SALIENCY = torch.rand(4, 7, generator=torch.Generator().manual_seed(5))


@pytest.fixture(params=CASES)
def branch(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    name, options = CASES[request.param]
    return branches.create(name, {"dim": 6, **options}, **WIDTHS)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def sentences() -> tuple[Tensor, Tensor]:
    return noise(4, 7, 12), torch.arange(7) < torch.tensor([7, 5, 4, 3])[:, None]


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_makes_parts_of_any_grid(branch: nn.Module, grid: tuple[int, int]) -> None:
    parts = branch.image(noise(4, grid[0] * grid[1], 10), grid, None)
    assert parts.shape == (4, branch.parts, branch.dim)
    assert parts.isfinite().all()


def test_makes_as_many_parts_of_sentences(branch: nn.Module) -> None:
    parts = branch.text(*sentences(), None)
    assert branch.describes
    assert parts.shape == (4, branch.parts, branch.dim)
    assert parts.isfinite().all()


def test_every_weight_learns(branch: nn.Module) -> None:
    target = noise(4, branch.parts, branch.dim, seed=1)
    image, text = branch.image(noise(4, 32, 10), (8, 4), None), branch.text(*sentences(), None)
    ((image - target).square().sum() + (text - target).square().sum()).backward()
    for name, weight in branch.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name


def test_an_image_and_a_sentence_do_not_depend_on_their_neighbours(branch: nn.Module) -> None:
    branch.eval()
    grid, (tokens, mask) = noise(4, 32, 10), sentences()
    torch.testing.assert_close(branch.image(grid[2:3], (8, 4), None), branch.image(grid, (8, 4), None)[2:3])
    torch.testing.assert_close(
        branch.text(tokens[2:3], mask[2:3], None), branch.text(tokens, mask, None)[2:3]
    )


@pytest.mark.parametrize("saliency", [None, SALIENCY], ids=["no saliency", "saliency"])
def test_padding_does_not_matter(branch: nn.Module, saliency: Tensor | None) -> None:
    branch.eval()
    tokens, mask = sentences()
    expected = branch.text(tokens, mask, saliency)
    padded = torch.where(mask[:, :, None], tokens, 1e3 * noise(4, 7, 12, seed=2))
    torch.testing.assert_close(branch.text(padded, mask, saliency), expected)
    alone = branch.text(tokens[3:, :3], mask[3:, :3], None if saliency is None else saliency[3:, :3])
    torch.testing.assert_close(alone, expected[3:])


def test_no_sentence_at_all_makes_no_part(branch: nn.Module) -> None:
    branch.eval()
    assert branch.text(torch.empty(0, 7, 12), torch.empty(0, 7, dtype=torch.bool), None).shape[0] == 0


def test_inputs_are_left_alone(branch: nn.Module) -> None:
    grid, (tokens, mask) = noise(4, 32, 10), sentences()
    before = [tensor.clone() for tensor in (grid, tokens, mask)]
    branch.image(grid, (8, 4), None).sum().backward()
    branch.text(tokens, mask, None).sum().backward()
    assert all(torch.equal(old, new) for old, new in zip(before, (grid, tokens, mask), strict=True))


def test_half_precision_tokens(branch: nn.Module) -> None:
    branch.eval()
    grid = noise(4, 32, 10)
    half = branch.image(grid.bfloat16(), (8, 4), None)
    assert torch.cosine_similarity(half.float(), branch.image(grid, (8, 4), None), dim=2).min() > 0.99


def test_weights_say_what_each_part_is_made_of(branch: branches.Branch) -> None:
    if not branch.weighs:
        with pytest.raises(NotImplementedError):
            branch.image_weights(noise(4, 32, 10), (8, 4))
        return
    places, words = branch.image_weights(noise(4, 32, 10), (8, 4)), branch.text_weights(*sentences())
    assert places.shape == (4, branch.parts, 32)
    assert words.shape == (4, branch.parts, 7)
    for weights in (places, words):
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.sum(2), torch.ones(4, branch.parts))
    assert words.masked_select(~sentences()[1][:, None]).abs().max() == 0


@pytest.mark.parametrize("name", branches.names())
def test_a_model_of_images_alone_has_no_weights_for_sentences(name: str) -> None:
    both = branches.create(name, {}, **WIDTHS)
    alone = branches.create(name, {}, **WIDTHS | {"text_width": None})
    assert not alone.describes
    assert set(alone.state_dict()) < set(both.state_dict())


@pytest.mark.parametrize("name", branches.names())
def test_weight_is_an_option_and_config_is_frozen(name: str) -> None:
    branch = branches.create(name, {"weight": 0.25}, **WIDTHS)
    assert branch.config.weight == 0.25
    with pytest.raises(dataclasses.FrozenInstanceError):
        branch.config.weight = 1.0


@pytest.mark.parametrize("name", branches.names())
def test_size_out_of_range_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="dim"):
        branches.create(name, {"dim": 0}, **WIDTHS)


def test_unknown_branch_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'stripes'"):
        branches.create("stripe", {}, **WIDTHS)


def test_unknown_option_names_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match=r"model\.branches\.stripes called 'counts'.*Did you mean 'count'"
    ):
        branches.create("stripes", {"counts": 6}, **WIDTHS)
