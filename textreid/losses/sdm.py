"""Similarity distribution matching (Jiang & Ye, "Cross-Modal Implicit Relation Reasoning", CVPR 2023)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_above, require_at_least
from textreid.losses._base import PairLoss
from textreid.pairs import Comparison, weighted_mean


@dataclass(frozen=True)
class Config:
    """Options of `SimilarityDistributionMatching`.

    Attributes:
        weight: factor in the objective.
        temperature: cosines are divided by it before the softmax.
        epsilon: added to the targets inside the logarithm.
    """

    weight: float = 1.0
    temperature: float = 0.02
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_above(self, 0, "temperature", "epsilon")


class SimilarityDistributionMatching(PairLoss):
    """Matches the softmax over a batch's cosines to the batch's identity labels, in both directions.

    With p = softmax(cos / temperature) over a row and q the row's same-identity indicator divided by its sum:
    KL(p ‖ q + epsilon), summed over the row, averaged over the rows by their trust, image→text plus
    text→image. Pulls an image to every text of its identity, not to its own alone, and away from the
    others of the batch. Needs at least two identities in a batch: with one it only makes the similarities
    equal. `itc` is the divergence the other way round; with epsilon 0.01 it is R-ITC (Cao et al., "An
    Empirical Study of CLIP for Text-Based Person Search", AAAI 2024).
    """

    reduction = "sum"

    def compare(self, side: Comparison) -> Tensor:
        """[] float32; rows that nothing in the batch matches do not count."""
        scores = side.cosine / self.config.temperature
        return divergence(scores, side.positive, side.trust, self.config.epsilon)


def divergence(scores: Tensor, same: Tensor, trust: Tensor, epsilon: float) -> Tensor:
    """[] float32, KL(softmax(scores) ‖ same, normalised, + epsilon) of each row, averaged by trust.

    Args:
        scores: [N, M] float32.
        same: [N, M] bool; rows without any do not count.
        trust: [N] float32.
        epsilon: keeps the logarithm finite.
    """
    counts = same.sum(dim=1, keepdim=True)
    log_p = F.log_softmax(scores, dim=1)
    log_q = torch.log(same / counts.clamp(min=1) + epsilon)
    rows = (log_p.exp() * (log_p - log_q)).sum(dim=1)
    return weighted_mean(rows, trust * (counts.squeeze(1) > 0))
