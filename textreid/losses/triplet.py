"""Batch-hard triplets (Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification")."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `Triplet`.

    Attributes:
        weight: factor in the objective.
        margin: in cosine; 0 to 2.
    """

    weight: float = 1.0
    margin: float = 0.2


class Triplet(nn.Module):
    """For every anchor, its least similar positive must beat its most similar negative by a margin of cosine.

    Anchors and candidates: image→image (self-pairs excluded), image→text and text→image. Needs P×K batches:
    K ≥ 2 images per identity for image→image positives, two identities or more for negatives. Anchors without
    a positive or a negative do not count; a batch of only such gives zero. Looks at the hardest pairs alone,
    where `sdm` weighs them all.
    """

    def __init__(self, config: Config, **_: int) -> None:
        super().__init__()
        self.config = config

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of three directions.

        Args:
            encoded: `image` and `text` [B, D].
            batch: `labels` [B].
        """
        image = F.normalize(encoded.image.float(), dim=1)
        text = F.normalize(encoded.text.float(), dim=1)
        same = batch.labels[:, None] == batch.labels[None, :]
        other = ~torch.eye(len(same), dtype=torch.bool, device=same.device)
        across = image @ text.T
        terms = [
            self._batch_hard(image @ image.T, same & other, ~same),
            self._batch_hard(across, same, ~same),
            self._batch_hard(across.T, same, ~same),
        ]
        return torch.stack(terms).mean()

    def _batch_hard(self, cosine: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        hardest_positive = cosine.masked_fill(~positive, 2.0).amin(dim=1)
        hardest_negative = cosine.masked_fill(~negative, -2.0).amax(dim=1)
        counts = positive.any(dim=1) & negative.any(dim=1)
        violation = F.relu(self.config.margin + hardest_negative - hardest_positive)
        return (violation * counts).sum() / counts.sum().clamp(min=1)
