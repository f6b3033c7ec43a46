"""A linear map of each part to a short vector: PCB's 1×1 convolution on pooled stripes."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Reduction(nn.Module):
    """[N, P, C] -> [N, P, D']: one matrix a part, or one for all of them.

    Args:
        parts: P.
        width: C.
        dim: D'.
        normalised: batch-normalise every number of the result over N, as PCB does with stripes. Needs two
            rows or more in training.
        shared: all parts have one matrix in common.
    """

    def __init__(self, parts: int, width: int, dim: int, *, normalised: bool, shared: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1 if shared else parts, width, dim) * width**-0.5)
        self.norm = nn.BatchNorm1d(parts * dim) if normalised else nn.Identity()

    def forward(self, parts: Tensor) -> Tensor:
        """[N, P, D'] of [N, P, C]."""
        weight = self.weight.expand(parts.shape[1], -1, -1)
        reduced = torch.einsum("npc,pcd->npd", parts.to(weight.dtype), weight)
        normalised: Tensor = self.norm(reduced.flatten(1))
        return normalised.view(reduced.shape)
