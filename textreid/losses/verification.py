"""Verification: do two vectors belong to one identity?

Zheng, Zheng and Yang, "A Discriminatively Learned CNN Embedding for Person Re-identification", TOMM 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_proper_fraction
from textreid.losses._base import Loss, Sizes
from textreid.pairs import Comparison, Pairs, comparisons
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `Verification`.

    Attributes:
        weight: factor in the objective.
        combine: what the classifier sees of two vectors: their squared "difference" or their "product".
        dropout: of that, in [0, 1).
        start: one of so many pairs is positive in the first epoch.
        growth: that number's factor from epoch to epoch.
        end: the largest it becomes.
        pairs: "images" alone, "across" modalities, or "all" of those.
    """

    weight: float = 1.0
    combine: Literal["difference", "product"] = "difference"
    dropout: float = 0.9
    start: float = 2.0
    growth: float = 1.01
    end: float = 5.0
    pairs: Pairs = "all"

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_proper_fraction(self, "dropout")
        require_above(self, 1, "start", "end")
        require_above(self, 0, "growth")


class Verification(Loss):
    """Cross-entropy of "same identity?" over all positive pairs of a batch and some negative ones.

    Negatives are drawn anew at every step from torch's generator: as many as the positives at first, later up
    to four times as many. The embedding learns that a squared difference has to tell identities apart. Needs
    two images of an identity for pairs of images, and two identities; a direction without both kinds of pairs
    does not count. `binomial_deviance` asks the same of the cosine itself, and `identification` beside it
    makes the joint training of the paper. Carries a classifier for training only.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.head = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(sizes.dim, 2))

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of the directions that have both kinds of pairs.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], `text_rows` [T], `epoch`.
        """
        terms = [
            self._cross_entropy(side, *self.draw(side, batch.epoch))
            for side in comparisons(encoded, batch, self.config.pairs)
            if side.positive.any() and side.negative.any()
        ]
        return torch.stack(terms).mean() if terms else encoded.nothing()

    def draw(self, side: Comparison, epoch: int) -> tuple[Tensor, Tensor]:
        """[n, 2] and [m, 2] int64: (anchor, other) rows of all positive pairs and of the drawn negatives.

        m / n is `ratio(epoch)`, as far as the batch has negatives.
        """
        positive, negative = side.positive.nonzero(), side.negative.nonzero()
        wanted = round(len(positive) * self.ratio(epoch))
        drawn = torch.randperm(len(negative), device=negative.device)[:wanted]
        return positive, negative[drawn]

    def ratio(self, epoch: int) -> float:
        """Negatives for each positive: min(end, start · growth^epoch) - 1."""
        return min(self.config.end, self.config.start * self.config.growth**epoch) - 1

    def logits(self, left: Tensor, right: Tensor) -> Tensor:
        """[n, 2] float32, different and same, of pairs of vectors [n, D]; symmetric."""
        return self.head((left - right).square() if self.config.combine == "difference" else left * right)

    def _cross_entropy(self, side: Comparison, positive: Tensor, negative: Tensor) -> Tensor:
        left, right = torch.cat([positive, negative]).unbind(dim=1)
        same = torch.zeros_like(left)
        same[: len(positive)] = 1
        return F.cross_entropy(self.logits(side.anchors[left], side.others[right]), same)
