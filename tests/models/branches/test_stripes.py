"""Stripes against loops, adaptive pooling, and a grid stretched until the stripes fit it."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.errors import InputError
from textreid.models import branches
from textreid.models.branches.stripes import LEAK, Stripes


def stripes(**options: Any) -> Stripes:
    """Stripes of 5 channels that are not mixed: each part shows what was pooled."""
    branch = branches.create("stripes", {"dim": 5} | options, image_width=5, text_width=7)
    assert isinstance(branch, Stripes)
    with torch.no_grad():
        branch.reduction.weight.copy_(torch.eye(5).expand(branch.parts, 5, 5))
    return branch.eval()


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(2, 5, height, width, generator=torch.Generator().manual_seed(seed))


def pooled(branch: Stripes, grid: Tensor) -> Tensor:
    tokens = grid.flatten(2).transpose(1, 2)
    unscaled = math.sqrt(1 + branch.reduction.norm.eps)  # batch normalisation, before it has seen a batch
    return branch.image(tokens, tuple(grid.shape[2:])) * unscaled


@pytest.mark.parametrize(("height", "width", "count"), [(24, 8, 6), (16, 8, 8), (8, 4, 2), (5, 3, 1)])
def test_stripes_that_fit_the_grid_are_adaptive_pooling(height: int, width: int, count: int) -> None:
    grid = picture(height, width)
    for pooling, reference in (("average", F.adaptive_avg_pool2d), ("maximum", F.adaptive_max_pool2d)):
        expected = reference(grid, (count, 1)).squeeze(3).transpose(1, 2)
        torch.testing.assert_close(pooled(stripes(count=count, pooling=pooling), grid), expected)


@pytest.mark.parametrize(("height", "count"), [(7, 6), (8, 6), (10, 4), (4, 6)])
def test_a_row_on_a_border_belongs_to_both_stripes_by_its_share(height: int, count: int) -> None:
    grid = picture(height, 3)
    stretched = grid.repeat_interleave(count, dim=2)
    expected = F.adaptive_avg_pool2d(stretched, (count, 1)).squeeze(3).transpose(1, 2)
    torch.testing.assert_close(pooled(stripes(count=count), grid), expected)


def test_three_overlapping_stripes() -> None:
    """Rows 0–4, 3–8 and 7–11 of 12: each reaches a quarter of its four rows into its neighbours."""
    grid = picture(12, 2)
    expected = torch.stack([grid[:, :, a:b].mean(dim=(2, 3)) for a, b in ((0, 5), (3, 9), (7, 12))], dim=1)
    torch.testing.assert_close(pooled(stripes(count=3, overlap=0.25), grid), expected)


def test_shared_stripes_have_one_map_and_own_ones_have_three() -> None:
    """Three equal stripes come out equal through one map, and different through three."""
    tokens = picture(4, 2).mean(dim=(2, 3)).expand(24, 2, 5).transpose(0, 1)
    for shared in (True, False):
        torch.manual_seed(0)
        branch = branches.create(
            "stripes", {"count": 3, "dim": 5, "shared": shared}, image_width=5, text_width=None
        )
        first, second, third = branch.eval().image(tokens, (12, 2)).unbind(dim=1)
        assert len(branch.reduction.weight) == (1 if shared else 3)
        assert torch.allclose(first, second) == torch.allclose(second, third) == shared


def test_both_is_the_sum_of_average_and_maximum() -> None:
    grid = picture(6, 2)
    average, maximum, both = (pooled(stripes(pooling=p), grid) for p in ("average", "maximum", "both"))
    torch.testing.assert_close(both, average + maximum)


def test_each_stripe_has_a_map_of_its_own() -> None:
    branch = stripes(count=2)
    with torch.no_grad():
        branch.reduction.weight[1] *= -2
    same = torch.ones(1, 5, 4, 2)
    torch.testing.assert_close(pooled(branch, same), torch.tensor([[[1.0] * 5, [-2.0] * 5]]))


def test_batch_normalisation_is_of_each_number_of_each_stripe() -> None:
    branch = stripes(count=3).train()
    tokens = torch.randn(64, 12, 5, generator=torch.Generator().manual_seed(0)) * 9 + 4
    parts = branch.image(tokens, (6, 2))
    torch.testing.assert_close(parts.mean(dim=0), torch.zeros(3, 5), atol=1e-5, rtol=0)
    torch.testing.assert_close(parts.std(dim=0, correction=0), torch.ones(3, 5), atol=1e-4, rtol=0)


def test_refined_stripes_begin_as_stripes() -> None:
    """With W = 0 a share of 1 - LEAK is the stripe's mean and LEAK the mean of the whole."""
    branch = stripes(refined=True)
    torch.nn.init.zeros_(branch.assignment.weight)
    grid = picture(12, 4)
    whole = grid.mean(dim=(2, 3))[:, None]
    expected = (1 - LEAK) * pooled(stripes(), grid) + LEAK * whole
    torch.testing.assert_close(pooled(branch, grid), expected)


def test_refined_stripes_against_a_loop() -> None:
    branch = stripes(count=3, refined=True)
    torch.nn.init.normal_(branch.assignment.weight, generator=torch.Generator().manual_seed(1))
    torch.nn.init.normal_(branch.assignment.bias, generator=torch.Generator().manual_seed(2))
    grid = picture(6, 2)
    expected = torch.zeros(2, 3, 5)
    for n in range(2):
        sums, totals = torch.zeros(3, 5), [0.0] * 3
        for row in range(6):
            for column in range(2):
                location = grid[n, :, row, column]
                logits = branch.assignment(location).tolist()
                chances = [
                    math.exp(logit) * (0.9 * (row // 2 == stripe) + 0.1 / 3)
                    for stripe, logit in enumerate(logits)
                ]
                for stripe, chance in enumerate(chances):
                    sums[stripe] += chance / sum(chances) * location
                    totals[stripe] += chance / sum(chances)
        expected[n] = sums / torch.tensor(totals)[:, None]
    torch.testing.assert_close(pooled(branch, grid), expected)


def test_assignment_alone_moves_an_outlier_to_where_it_belongs() -> None:
    """A row of "trousers" that a loose box puts into the upper stripe; only `assignment` is trained."""
    branch = stripes(count=2, refined=True)
    for name, weight in branch.named_parameters():
        weight.requires_grad_(name.startswith("assignment."))
    shirt, trousers = torch.eye(5)[0], torch.eye(5)[1]
    grid = torch.stack([shirt, shirt, shirt, trousers, trousers, trousers, trousers, trousers])[None, :, None]
    grid = grid.permute(0, 3, 1, 2)  # [1, 5, 8, 1]
    wanted = torch.stack([shirt, trousers])[None]
    before = (pooled(branch, grid) - wanted).norm()
    optimizer = torch.optim.Adam(branch.assignment.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        (pooled(branch, grid) - wanted).square().sum().backward()
        optimizer.step()
    assert (pooled(branch, grid) - wanted).norm() < 0.1 * before
    owner = branch.image_weights(grid.flatten(2).transpose(1, 2), (8, 1))[0].argmax(dim=0)
    assert owner.tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


def test_a_query_reads_the_token_that_it_resembles() -> None:
    branch = stripes(count=2)
    tokens = F.layer_norm(torch.randn(1, 4, 7, generator=torch.Generator().manual_seed(0)), (7,))
    with torch.no_grad():
        branch.sentence.queries.copy_(20 * tokens[0, [2, 1]])
    read = branch.text_weights(tokens, torch.ones(1, 4, dtype=torch.bool))
    torch.testing.assert_close(read[0], torch.eye(4)[[2, 1]], atol=1e-3, rtol=0)
    expected = torch.stack(
        [
            tokens[0, 2] @ branch.sentence.reduction.weight[0],
            tokens[0, 1] @ branch.sentence.reduction.weight[1],
        ]
    )
    found = branch.text(tokens, torch.ones(1, 4, dtype=torch.bool))
    torch.testing.assert_close(found[0], expected, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count is 0"),
        ({"overlap": 1.5}, "overlap is 1.5"),
        ({"refined": True, "pooling": "both"}, 'pooling = "average"'),
        ({"text": "none"}, r"write weight = 0\.0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        stripes(**options)


def test_sentences_can_be_left_out_of_what_only_trains_the_tower() -> None:
    assert not stripes(text="none", weight=0.0).describes
