"""Cross-modal projection matching (Zhang & Lu, "Deep Cross-Modal Projection Learning", ECCV 2018)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above
from textreid.losses import Sizes
from textreid.losses.sdm import divergence
from textreid.pairs import comparisons
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `CrossModalProjectionMatching`.

    Attributes:
        weight: factor in the objective.
        epsilon: added to the targets inside the logarithm.
    """

    weight: float = 1.0
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        require_above(self, 0, "epsilon")


class CrossModalProjectionMatching(nn.Module):
    """Matches the softmax over projections of a vector on the other modality to the batch's identity labels.

    `sdm` without a temperature: the score of an anchor with another row is its length along that row's
    direction, so that an anchor's own length is how sharp its softmax is. Needs the same batches as `sdm`.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:  # noqa: ARG002 (it has no weights)
        super().__init__()
        self.config = config

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, image→text plus text→image; rows that nothing in the batch matches do not count.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], `text_rows` and `trust` [T].
        """
        terms = [
            divergence(
                side.anchors @ F.normalize(side.others, dim=1).T,
                side.positive,
                side.trust,
                self.config.epsilon,
            )
            for side in comparisons(encoded, batch, "across")
        ]
        return torch.stack(terms).sum() if terms else encoded.nothing()
