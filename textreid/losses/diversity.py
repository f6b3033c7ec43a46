"""Diversity: keep the parts of one item apart, so that no two of them tell the same.

The penalty of Lin et al., "A Structured Self-Attentive Sentence Embedding", ICLR 2017, on part vectors in the
place of attention maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_at_least, require_proper_fraction
from textreid.losses._base import Loss
from textreid.types import Batch, Encoded, Features


@dataclass(frozen=True)
class Config:
    """Options of `Diversity`.

    Attributes:
        weight: factor in the objective.
        margin: cosine that two parts may have at no cost, in [0, 1).
    """

    weight: float = 1.0
    margin: float = 0.0

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_proper_fraction(self, "margin")


class Diversity(Loss):
    """The mean of max(0, cos(part p, part q) - margin)² over the pairs p ≠ q of an item, and over items.

    Pushes apart what learned queries and slots read, which else may all read the same words; it compares
    nobody with anybody, so that it teaches nothing without a loss that does. Parts all alike cost
    (1 - margin)², parts at right angles nothing. The global vector is a single part: name a branch,
    [loss."diversity@stripes"].
    """

    across_ranks = False

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:  # noqa: ARG002 (nobody is compared)
        """[] float32, the mean of the modalities that the batch has; 0 with a single part.

        Args:
            encoded: `image.parts` [B, P, D'] and `text.parts` [T, P, D'].
            batch: it does not matter who is who.
        """
        sides = [side for side in (encoded.image, encoded.text) if side is not None and _pairs(side)]
        if not sides:
            return encoded.nothing()
        return torch.stack([self._overlap(side.parts.float()) for side in sides]).mean()

    def _overlap(self, parts: Tensor) -> Tensor:
        units = F.normalize(parts, dim=2)
        excess = F.relu(units @ units.transpose(1, 2) - self.config.margin).square()  # [N, P, P]
        apart = ~torch.eye(parts.shape[1], dtype=torch.bool, device=parts.device)
        return excess[:, apart].mean()


def _pairs(side: Features) -> int:
    items, parts, _ = side.parts.shape
    return items * (parts - 1)
