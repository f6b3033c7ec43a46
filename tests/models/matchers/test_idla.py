"""Differences of neighbourhoods against a worked example, loops and the paper's strided convolution."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.models.matchers.idla import IDLA, Config, neighbour_differences


def tiled(differences: Tensor, window: int) -> Tensor:
    """[N, K, h·window, w·window] as the paper draws it: each place is a window of its own."""
    count, maps, _, height, width = differences.shape
    windows = differences.view(count, maps, window, window, height, width)
    return windows.permute(0, 1, 4, 2, 5, 3).reshape(count, maps, height * window, width * window)


def test_worked_example() -> None:
    """Ones against .1 to .9 in a window of 3: the second row of what the paper draws, both ways round."""
    ones, numbers = torch.ones(1, 1, 3, 3), torch.arange(1, 10).view(1, 1, 3, 3) / 10
    there, back = neighbour_differences(ones, numbers, 3), neighbour_differences(numbers, ones, 3)
    torch.testing.assert_close(
        tiled(there, 3)[0, 0, 1], torch.tensor([0, 0.9, 0.8, 0.9, 0.8, 0.7, 0.8, 0.7, 0])
    )
    torch.testing.assert_close(
        tiled(back, 3)[0, 0, 1], torch.tensor([0, -0.9, -0.9, -0.8, -0.8, -0.8, -0.7, -0.7, 0])
    )


@pytest.mark.parametrize("window", [1, 3, 5])
def test_against_loops(window: int) -> None:
    random = torch.Generator().manual_seed(0)
    left, right = (torch.randn(2, 3, 4, 3, generator=random) for _ in range(2))
    found, around = neighbour_differences(left, right, window), window // 2
    for y in range(4):
        for x in range(3):
            for place in range(window**2):
                v, u = y + place // window - around, x + place % window - around
                inside = 0 <= v < 4 and 0 <= u < 3
                expected = left[:, :, y, x] - right[:, :, v, u] if inside else torch.zeros(2, 3)
                torch.testing.assert_close(found[:, :, place, y, x], expected)


def test_equal_images_without_structure_differ_nowhere() -> None:
    """Not at the border either."""
    flat = torch.full((1, 2, 5, 4), 0.7)
    assert not neighbour_differences(flat, flat, 5).any()


def test_the_patch_summary_is_the_papers_convolution_with_a_stride() -> None:
    torch.manual_seed(0)
    matcher = IDLA(Config(width=2, window=3, summary=4, hidden=5), image_width=3)
    left, right = torch.randn(2, 1, 2, 6, 4).unbind()
    differences = neighbour_differences(left, right, 3)
    summary = matcher.there[0]
    weight = summary.weight.view(4, 2, 3, 3)
    expected = F.conv2d(tiled(differences, 3), weight, summary.bias, stride=3)
    torch.testing.assert_close(summary(differences.flatten(1, 2)), expected)
