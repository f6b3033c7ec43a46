"""Displacements of patches against loops, and what they say of a person who moved."""

from __future__ import annotations

import torch

from textreid.models.matchers.fpnn import FPNN, Config, displacements


def test_against_loops() -> None:
    random = torch.Generator().manual_seed(0)
    left, right = (torch.randn(2, 3, 4, 2, generator=random) for _ in range(2))
    found = displacements(left, right)
    assert found.shape == (2, 3, 4, 2, 2)
    for n in range(2):
        for k in range(3):
            for row in range(4):
                for x in range(2):
                    for y in range(2):
                        expected = left[n, k, row, x] * right[n, k, row, y]
                        torch.testing.assert_close(found[n, k, row, x, y], expected)


def test_a_filter_that_fires_at_one_place_picks_that_row_of_the_other_image() -> None:
    left, right = torch.zeros(1, 1, 3, 4), torch.randn(1, 1, 3, 4, generator=torch.Generator().manual_seed(1))
    left[0, 0, :, 2] = 1
    found = displacements(left, right)
    torch.testing.assert_close(found[0, 0, :, 2], right[0, 0])
    assert not found[0, 0, :, [0, 1, 3]].any()


def test_exchanged_images_transpose_the_displacements() -> None:
    random = torch.Generator().manual_seed(2)
    left, right = (torch.randn(2, 3, 4, 5, generator=random) for _ in range(2))
    torch.testing.assert_close(displacements(left, right), displacements(right, left).transpose(3, 4))


def test_of_a_group_of_filters_the_largest_product_counts() -> None:
    """So a filter whose products are all smaller than another's of its group changes nothing."""
    torch.manual_seed(0)
    matcher = FPNN(Config(width=4, group=2, hidden=8), image_width=3).eval()
    left, right = torch.rand(1, 4, 5, 3) + 1, torch.rand(1, 4, 5, 3) + 1
    weaker = left.clone()
    left[:, 1], weaker[:, 1] = 0.01, 0.02
    torch.testing.assert_close(matcher.score_pairs(left, right), matcher.score_pairs(weaker, right))
