"""Triplet alignment.

Qin et al., "Noisy-Correspondence Learning for Text-to-Image Person Re-identification" (RDE), CVPR 2024.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_between
from textreid.losses._base import PairLoss
from textreid.pairs import Comparison, weighted_mean


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
        require_at_least(self, 0, "weight")
        require_between(self, 0, 100, "margin")
        require_above(self, 0, "temperature")


class TripletAlignment(PairLoss):
    """An anchor's positives must beat a smooth maximum of all its negatives by a margin, in both directions.

    `triplet` across modalities with temperature · ln Σ exp(cos / temperature) in the place of the hardest
    negative, an upper bound of it: every negative has a gradient, which keeps training from collapsing where
    pairs are wrong. Positives are averaged with constant weights, a softmax of their cosines. Needs two
    identities or more in a batch; anchors without a positive do not count, and the rest count by their trust.
    """

    reduction = "sum"

    def compare(self, side: Comparison) -> Tensor:
        """[] float32, the mean over the anchors that have a positive, by their trust."""
        return weighted_mean(violations(side, self.config), side.trust * side.positive.any(dim=1))


def violations(side: Comparison, config: Config) -> Tensor:
    """[N] float32 ≥ 0, how far each anchor is from beating its negatives by the margin, in cosine."""
    cosine, lowest = side.cosine, torch.finfo(torch.float32).min
    scores = cosine / config.temperature
    weights = scores.masked_fill(~side.positive, lowest).softmax(dim=1).detach()
    positive = (weights * cosine).sum(dim=1)
    negative = config.temperature * scores.masked_fill(~side.negative, lowest).logsumexp(dim=1)
    return F.relu(config.margin + negative - positive)
