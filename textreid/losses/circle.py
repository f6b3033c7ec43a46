"""Circle loss over pairs (Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity", CVPR 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_between
from textreid.losses._base import PairLoss, Sizes
from textreid.pairs import Comparison, Pairs, weighted_mean


@dataclass(frozen=True)
class Config:
    """Options of `Circle`.

    Attributes:
        weight: factor in the objective.
        margin: m; a positive should reach a cosine of 1 - m, a negative stay below m.
        scale: γ, how sharply the worst pairs stand out.
        pairs: anchors and candidates: "images" alone, "across" modalities, or "all" of those.
    """

    weight: float = 1.0
    margin: float = 0.25
    scale: float = 64.0
    pairs: Pairs = "all"

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 0, 100, "margin")
        require_above(self, 0, "scale")


class Circle(PairLoss):
    """All positives of an anchor must beat all its negatives, each pulled in proportion to its own need.

    A pair far from its optimum has a larger gradient than one near it, where `triplet` pulls both alike.
    Anchors, candidates and the batch that it needs are those of `triplet`. Its form over classes is the
    "circle" head of `identification`.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.pairs = config.pairs

    def compare(self, side: Comparison) -> Tensor:
        """[] float32, the mean over the anchors that have both kinds of pairs, by their trust."""
        cosine, margin, scale = side.cosine, self.config.margin, self.config.scale
        pull = -scale * F.relu(1 + margin - cosine).detach() * (cosine - (1 - margin))
        push = scale * F.relu(cosine + margin).detach() * (cosine - margin)
        cost = F.softplus(_log_sum_exp(pull, side.positive) + _log_sum_exp(push, side.negative))
        exists = side.positive.any(dim=1) & side.negative.any(dim=1)
        return weighted_mean(cost, side.trust * exists)


def _log_sum_exp(values: Tensor, where: Tensor) -> Tensor:
    lowest = torch.finfo(values.dtype).min / 4  # two of them still add up to a number
    return values.masked_fill(~where, lowest).logsumexp(dim=1)
