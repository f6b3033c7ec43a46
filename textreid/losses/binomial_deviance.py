"""Binomial deviance (Yi et al., "Deep Metric Learning for Person Re-Identification", ICPR 2014)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_between
from textreid.losses._base import PairLoss, Sizes
from textreid.pairs import Comparison, Pairs, weighted_mean


@dataclass(frozen=True)
class Config:
    """Options of `BinomialDeviance`.

    Attributes:
        weight: factor in the objective.
        slope: a, how sharply a cosine counts as same or different.
        threshold: b, the cosine between the two.
        cost: c, how much steeper negatives are.
        pairs: "images" alone, "across" modalities, or "all" of those.
    """

    weight: float = 1.0
    slope: float = 2.0
    threshold: float = 0.5
    cost: float = 2.0
    pairs: Pairs = "all"

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, -100, 100, "threshold")
        require_above(self, 0, "slope", "cost")


class BinomialDeviance(PairLoss):
    """Each pair's cosine must be above a threshold if it shows one identity and below it otherwise.

    A logistic loss of every pair by itself, positives and negatives averaged apart so that the many negatives
    do not drown the rest; `triplet` and `circle` compare the pairs of an anchor. It fixes where the threshold
    lies, which those leave open. Needs positives or negatives in a batch; what is missing counts as zero.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.pairs = config.pairs

    def compare(self, side: Comparison) -> Tensor:
        """[] float32, the mean of the positives plus that of the negatives, each pair by its trust."""
        above = self.config.slope * (side.cosine - self.config.threshold)
        trust = side.trust[:, None]
        positive = weighted_mean(F.softplus(-above), trust * side.positive)
        return positive + weighted_mean(F.softplus(self.config.cost * above), trust * side.negative)
