"""Cross-modal projection classification (Zhang & Lu, "Deep Cross-Modal Projection Learning", ECCV 2018)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_at_least
from textreid.losses._base import Loss, Sizes
from textreid.pairs import weighted_mean
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `CrossModalProjectionClassification`.

    Attributes:
        weight: factor in the objective.
    """

    weight: float = 1.0

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")


class CrossModalProjectionClassification(Loss):
    """Classifies an image's projection on its own text's direction by identity, and the other way round.

    Only what both have in common can be classified, so that it pulls a text and its image to one class
    vector of unit length, where `identification` pulls each alone. Works with any batch that has a text
    of somebody known. Carries class vectors for training only.
    """

    across_ranks = False

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.weight = nn.Parameter(torch.empty(sizes.classes, sizes.dim))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, both directions added up, averaged over the pairs by their trust.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], each in -1 … C-1; `text_rows` and `trust` [T].
        """
        if encoded.text is None:
            return encoded.nothing()
        text, image = encoded.text.pooled.float(), encoded.image.pooled.float()[batch.text_rows]
        return self._classify(image, text, batch) + self._classify(text, image, batch)

    def _classify(self, projected: Tensor, onto: Tensor, batch: Batch) -> Tensor:
        direction = F.normalize(onto, dim=1)
        projection = (projected * direction).sum(dim=1, keepdim=True) * direction
        logits = projection @ F.normalize(self.weight, dim=1).T
        rows = F.cross_entropy(logits, batch.text_labels, ignore_index=-1, reduction="none")
        return weighted_mean(rows, batch.trust * (batch.text_labels >= 0))
