"""Similarity distribution matching (Jiang & Ye, "Cross-Modal Implicit Relation Reasoning", CVPR 2023)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.losses import Sizes
from textreid.losses._pairs import sentence_image
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

    def __init__(self, config: Config, sizes: Sizes) -> None:  # noqa: ARG002 (it has no weights)
        super().__init__()
        self.config = config

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32; rows that nothing in the batch matches do not count.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], `text_rows` [T].
        """
        if encoded.text is None:
            return encoded.nothing()
        image = F.normalize(encoded.image.pooled.float(), dim=1)
        text = F.normalize(encoded.text.pooled.float(), dim=1)
        scores = text @ image.T / self.config.temperature  # [T, B]
        same = sentence_image(batch)
        return self._divergence(scores, same) + self._divergence(scores.T, same.T)

    def _divergence(self, scores: Tensor, same: Tensor) -> Tensor:
        counts = same.sum(dim=1, keepdim=True)
        log_p = F.log_softmax(scores, dim=1)
        log_q = torch.log(same / counts.clamp(min=1) + self.config.epsilon)
        divergence = (log_p.exp() * (log_p - log_q)).sum(dim=1)
        matched = counts.squeeze(1) > 0
        return (divergence * matched).sum() / matched.sum().clamp(min=1)
