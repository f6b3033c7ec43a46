"""Horizontal bands of a grid, exact for every height."""

from __future__ import annotations

import torch
from torch import Tensor


def coverage(grid: tuple[int, int], count: int, overlap: float = 0.0) -> Tensor:
    """[P, h·w] float32 on the CPU: the fraction of each location that lies in each band.

    The height is cut at i·h/P. Where P divides h that is between two rows; elsewhere a row on a border
    counts for both bands by the fraction of it that lies in each, as if the grid was first stretched to a
    multiple of P.

    Args:
        grid: (h, w).
        count: P.
        overlap: how far a band reaches into each of its neighbours, as a fraction of their height.
    """
    height, width = grid
    row = torch.arange(height, dtype=torch.float32)
    band = torch.arange(count, dtype=torch.float32)[:, None]
    first = ((band - overlap) * height / count).clamp(min=0)  # [P, 1]
    last = ((band + 1 + overlap) * height / count).clamp(max=height)
    rows = (torch.minimum(last, row + 1) - torch.maximum(first, row)).clamp(min=0)  # [P, h]
    return rows.repeat_interleave(width, dim=1)


def normalise_rows(weights: Tensor) -> Tensor:
    """The same weights [..., L], each row with a sum of 1; a row of zeros stays one."""
    return weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-12)


def average(tokens: Tensor, weights: Tensor) -> Tensor:
    """[N, P, C], the mean of tokens [N, L, C] by weights [P, L] or [N, P, L] that sum to 1."""
    return weights.to(tokens) @ tokens


def maximum(tokens: Tensor, weights: Tensor) -> Tensor:
    """[N, P, C], the largest of tokens [N, L, C] inside each band of `coverage` [P, L]."""
    inside = [row.nonzero().flatten() for row in weights > 1e-6]
    return torch.stack([tokens[:, places[0] : places[-1] + 1].amax(dim=1) for places in inside], dim=1)
