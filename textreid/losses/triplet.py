"""Batch-hard triplets (Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification")."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.losses import Sizes
from textreid.losses._pairs import image_image, sentence_image
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

    def __init__(self, config: Config, sizes: Sizes) -> None:  # noqa: ARG002 (it has no weights)
        super().__init__()
        self.config = config

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of three directions; of one where there are no sentences.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], `text_rows` [T].
        """
        image = F.normalize(encoded.image.pooled.float(), dim=1)
        same = image_image(batch)
        other = ~torch.eye(len(same), dtype=torch.bool, device=same.device)
        terms = [self._batch_hard(image @ image.T, same & other, ~same)]
        if encoded.text is not None:
            across = image @ F.normalize(encoded.text.pooled.float(), dim=1).T  # [B, T]
            same = sentence_image(batch).T
            terms += [self._batch_hard(across, same, ~same), self._batch_hard(across.T, same.T, ~same.T)]
        return torch.stack(terms).mean()

    def _batch_hard(self, cosine: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        hardest_positive = cosine.masked_fill(~positive, 2.0).amin(dim=1)
        hardest_negative = cosine.masked_fill(~negative, -2.0).amax(dim=1)
        counts = positive.any(dim=1) & negative.any(dim=1)
        violation = F.relu(self.config.margin + hardest_negative - hardest_positive)
        return (violation * counts).sum() / counts.sum().clamp(min=1)
