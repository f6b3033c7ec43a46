"""Similarity distribution matching (Jiang & Ye, "Cross-Modal Implicit Relation Reasoning", CVPR 2023)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.types import Batch, Encoded


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


class SimilarityDistributionMatching(nn.Module):
    """Matches the softmax over a batch's cosines to the batch's identity labels, in both directions.

    With p = softmax(cos / temperature) over a row and q the row's same-identity indicator divided by its sum:
    KL(p ‖ q + epsilon), summed over the row, averaged over the rows, image→text plus text→image. Pulls an
    image to every sentence of its identity, not to its own alone, and away from the others of the batch.
    Needs at least two identities in a batch: with one it only makes the similarities equal. InfoNCE is the
    case of one image per identity with the divergence the other way round.
    """

    def __init__(self, config: Config, **_: int) -> None:
        super().__init__()
        self.config = config

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32.

        Args:
            encoded: `image` and `text` [B, D]; row i of one describes row i of the other.
            batch: `labels` [B].
        """
        image = F.normalize(encoded.image.float(), dim=1)
        text = F.normalize(encoded.text.float(), dim=1)
        scores = text @ image.T / self.config.temperature  # [B texts, B images]
        same = (batch.labels[:, None] == batch.labels[None, :]).float()
        target = same / same.sum(dim=1, keepdim=True)
        return self._divergence(scores, target) + self._divergence(scores.T, target)

    def _divergence(self, scores: Tensor, target: Tensor) -> Tensor:
        log_p = F.log_softmax(scores, dim=1)
        log_q = torch.log(target + self.config.epsilon)
        return (log_p.exp() * (log_p - log_q)).sum(dim=1).mean()
