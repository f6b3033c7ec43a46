"""Triplets (Hermans et al., "In Defense of the Triplet Loss for Person Re-Identification", 2017).

Weighted mining: Ristani and Tomasi, "Features for Multi-Target Multi-Camera Tracking", CVPR 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_at_least, require_between
from textreid.losses._base import PairLoss, Sizes
from textreid.pairs import Comparison, Pairs, weighted_mean


@dataclass(frozen=True)
class Config:
    """Options of `Triplet`.

    Attributes:
        weight: factor in the objective.
        margin: in the distance; for cosine 0 to 2.
        soft: ln(1 + exp(x)) in place of max(0, margin + x), which needs no margin and never stops pulling.
        mining: which triplets of an anchor: the "hard"-est one, "all", or one of "weighted" averages.
        distance: "cosine", which is 1 less the cosine, or "euclidean" between vectors as they are.
        pairs: anchors and candidates: "images" alone, "across" modalities, or "all" of those.
    """

    weight: float = 1.0
    margin: float = 0.2
    soft: bool = False
    mining: Literal["hard", "all", "weighted"] = "hard"
    distance: Literal["cosine", "euclidean"] = "cosine"
    pairs: Pairs = "all"

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 0, 100, "margin")


class Triplet(PairLoss):
    """For every anchor, its positives must be nearer than its negatives by a margin.

    Anchors and candidates: image→image (self-pairs excluded), image→text and text→image. Needs P×K batches:
    K ≥ 2 images per identity for image→image positives, two identities or more for negatives. Anchors without
    a positive or a negative do not count; a batch of only such gives zero. "hard" looks at the hardest pairs
    alone, where `sdm` weighs them all; "all" needs memory for the cube of the batch.
    """

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.pairs = config.pairs
        self.mine = {"hard": _mine_hardest, "all": _mine_all, "weighted": _mine_weighted}[config.mining]

    def compare(self, side: Comparison) -> Tensor:
        """[] float32, the mean over the triplets that are mined, by the trust in their anchors."""
        excess, exists = self.mine(self._distances(side), side.positive, side.negative)
        cost = F.softplus(excess) if self.config.soft else F.relu(self.config.margin + excess)
        trust = side.trust.view(-1, *[1] * (exists.ndim - 1))
        return weighted_mean(cost, trust * exists)

    def _distances(self, side: Comparison) -> Tensor:
        if self.config.distance == "cosine":
            return 1 - side.cosine
        # by differences: by products, as is faster, distances near 0 are noise
        return torch.cdist(side.anchors, side.others, compute_mode="donot_use_mm_for_euclid_dist")


def _mine_hardest(distance: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """[N]: how much farther the farthest positive is than the nearest negative, and who has both."""
    exists = positive.any(dim=1) & negative.any(dim=1)
    farthest = distance.masked_fill(~positive, -torch.inf).amax(dim=1)
    nearest = distance.masked_fill(~negative, torch.inf).amin(dim=1)
    return (farthest - nearest).masked_fill(~exists, 0), exists


def _mine_all(distance: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """[N, M, M]: how much farther each positive is than each negative, and which triplets are such."""
    return distance[:, :, None] - distance[:, None, :], positive[:, :, None] & negative[:, None, :]


def _mine_weighted(distance: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """[N]: the same of averages that give the far positives and the near negatives the most."""
    lowest = torch.finfo(distance.dtype).min
    far = distance.masked_fill(~positive, lowest).softmax(dim=1)
    near = (-distance).masked_fill(~negative, lowest).softmax(dim=1)
    return ((far - near) * distance).sum(dim=1), positive.any(dim=1) & negative.any(dim=1)
