"""The batch-normalised neck (BNNeck; Luo et al., "Bag of Tricks and a Strong Baseline", CVPRW 2019)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

NECK = "neck"
"""The name of the view that it makes of the global vector."""


class Neck(nn.BatchNorm1d):
    """Normalises each of D numbers over a batch, and learns how much each counts, but no offset.

    Distances are learned before it and classes behind it, and it is searched behind it. A single row in
    training is normalised by the running statistics.
    """

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.bias.requires_grad_(False)

    def forward(self, pooled: Tensor) -> Tensor:
        """[N, D] to [N, 1, D], both float32: a view of one part."""
        if self.training and len(pooled) == 1:
            normal = F.batch_norm(pooled, self.running_mean, self.running_var, self.weight, self.bias)
            return normal[:, None]
        return super().forward(pooled)[:, None]
