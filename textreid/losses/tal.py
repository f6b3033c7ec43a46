"""Triplet alignment.

Qin et al., "Noisy-Correspondence Learning for Text-to-Image Person Re-identification" (RDE), CVPR 2024.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above
from textreid.losses import Sizes
from textreid.pairs import Comparison, comparisons, weighted_mean
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `TripletAlignment`.

    Attributes:
        weight: factor in the objective.
        margin: in cosine.
        temperature: how far the hardest negative stands out from the others; near 0 it stands alone.
    """

    weight: float = 1.0
    margin: float = 0.1
    temperature: float = 0.015

    def __post_init__(self) -> None:
        require_above(self, 0, "temperature")


class TripletAlignment(nn.Module):
    """An anchor's positives must beat a smooth maximum of all its negatives by a margin, in both directions.

    `triplet` across modalities with temperature · ln Σ exp(cos / temperature) in the place of the hardest
    negative, an upper bound of it: every negative has a gradient, which keeps training from collapsing where
    pairs are wrong. Positives are averaged with constant weights, a softmax of their cosines. Needs two
    identities or more in a batch; anchors without a positive do not count, and the rest count by their trust.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:  # noqa: ARG002 (it has no weights)
        super().__init__()
        self.config = config

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, image→text plus text→image.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], `text_rows` and `trust` [T].
        """
        terms = [self._align(side) for side in comparisons(encoded, batch, "across")]
        return torch.stack(terms).sum() if terms else encoded.nothing()

    def _align(self, side: Comparison) -> Tensor:
        cosine, lowest = side.cosine, torch.finfo(torch.float32).min
        scores = cosine / self.config.temperature
        shares = scores.masked_fill(~side.positive, lowest).softmax(dim=1).detach()
        positive = (shares * cosine).sum(dim=1)
        negative = self.config.temperature * scores.masked_fill(~side.negative, lowest).logsumexp(dim=1)
        violation = F.relu(self.config.margin + negative - positive)
        return weighted_mean(violation, side.trust * side.positive.any(dim=1))
