"""Each part's own linear map to a short vector: PCB's 1×1 convolution on pooled stripes."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Reduction(nn.Module):
    """[N, P, C] -> [N, P, D']: one matrix a part.

    Args:
        parts: P.
        width: C.
        dim: D'.
        normalised: batch-normalise every number of the result over N, as PCB does with stripes. Needs two
            rows or more in training.
    """

    def __init__(self, parts: int, width: int, dim: int, *, normalised: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(parts, width, dim) * width**-0.5)
        self.norm = nn.BatchNorm1d(parts * dim) if normalised else nn.Identity()

    def forward(self, parts: Tensor) -> Tensor:
        """[N, P, D'] of [N, P, C]."""
        reduced = torch.einsum("npc,pcd->npd", parts.to(self.weight.dtype), self.weight)
        normalised: Tensor = self.norm(reduced.flatten(1))
        return normalised.view(reduced.shape)
