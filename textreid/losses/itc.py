"""Image–text contrast: InfoNCE between a batch's images and texts (Radford et al., "CLIP", ICML 2021).

With identities for targets it is N-ITC, and its soft labels are those of Cao et al., "An Empirical Study of
CLIP for Text-Based Person Search", AAAI 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_proper_fraction
from textreid.losses._base import Loss, Sizes
from textreid.pairs import comparisons, own_pairs, weighted_mean
from textreid.types import Batch, Encoded

MIN_TEMPERATURE = 0.01
"""Where a learned temperature ends."""


@dataclass(frozen=True)
class Config:
    """Options of `ImageTextContrast`.

    Attributes:
        weight: factor in the objective.
        temperature: cosines are divided by it before the softmax.
        learned: train the temperature from there; it stays at 0.01 or above.
        targets: "person", every text of the image's identity alike, or "own", its own alone.
        soft: fraction of the targets that is the model's own softmax, in [0, 1).
    """

    weight: float = 1.0
    temperature: float = 0.07
    learned: bool = False
    targets: Literal["person", "own"] = "person"
    soft: float = 0.0

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_above(self, 0, "temperature")
        require_proper_fraction(self, "soft")


class ImageTextContrast(Loss):
    """Cross-entropy of the softmax over a batch's cosines against who belongs together, in both directions.

    Pulls an image to the texts of its identity and away from all others of the batch; with "own" also
    from other texts of the same identity, which suits data without identities. Needs two identities or more
    in a batch. `sdm` is the divergence the other way round: it punishes a wrong match harder than a missed
    one.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.log_scale = nn.Parameter(
            torch.tensor(-math.log(config.temperature)), requires_grad=config.learned
        )

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of both directions, each averaged over its rows by their trust.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], `text_rows` and `trust` [T].
        """
        directions = comparisons(encoded, batch, "across")
        if not directions:
            return encoded.nothing()
        if self.config.learned:
            with torch.no_grad():
                self.log_scale.clamp_(max=-math.log(MIN_TEMPERATURE))
        own = own_pairs(batch)
        terms = []
        for side, described in zip(directions, (own, own.T), strict=True):
            same = side.positive if self.config.targets == "person" else described
            log_p = F.log_softmax(self.log_scale.exp() * side.cosine, dim=1)
            even = same / same.sum(dim=1, keepdim=True).clamp(min=1)
            targets = torch.lerp(even, log_p.detach().exp(), self.config.soft)
            terms.append(weighted_mean(-(targets * log_p).sum(dim=1), side.trust * same.any(dim=1)))
        return torch.stack(terms).mean()
