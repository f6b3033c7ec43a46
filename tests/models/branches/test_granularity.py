"""Granularities against maxima by slices."""

from __future__ import annotations

import math

import pytest
import torch

from textreid.errors import InputError
from textreid.models import branches


def test_wholes_and_stripes_are_maxima() -> None:
    branch = branches.create("granularity", {"dim": 5}, image_width=5, text_width=None).eval()
    with torch.no_grad():
        branch.reduction.weight.copy_(torch.eye(5).expand(7, 5, 5))
    grid = torch.randn(2, 5, 12, 4, generator=torch.Generator().manual_seed(0))
    rows = [(0, 12), (0, 6), (6, 12), (0, 12), (0, 4), (4, 8), (8, 12)]
    expected = torch.stack([grid[:, :, a:b].amax(dim=(2, 3)) for a, b in rows], dim=1)
    parts = branch.image(grid.flatten(2).transpose(1, 2), (12, 4))
    torch.testing.assert_close(parts * math.sqrt(1 + 1e-5), expected)


def test_a_granularity_of_one_stripe_is_refused() -> None:
    with pytest.raises(InputError, match="counts is 1; it must be at least 2"):
        branches.create("granularity", {"counts": [1, 3]}, image_width=5, text_width=None)
