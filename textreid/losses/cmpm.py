"""Cross-modal projection matching (Zhang & Lu, "Deep Cross-Modal Projection Learning", ECCV 2018)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_above, require_at_least
from textreid.losses._base import PairLoss
from textreid.losses.sdm import divergence
from textreid.pairs import Comparison


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
        require_at_least(self, 0, "weight")
        require_above(self, 0, "epsilon")


class CrossModalProjectionMatching(PairLoss):
    """Matches the softmax over projections of a vector on the other modality to the batch's identity labels.

    `sdm` without a temperature: the score of an anchor with another row is its length along that row's
    direction, so that an anchor's own length is how sharp its softmax is. Needs the same batches as `sdm`.
    """

    reduction = "sum"

    def compare(self, side: Comparison) -> Tensor:
        """[] float32; rows that nothing in the batch matches do not count."""
        scores = side.anchors @ F.normalize(side.others, dim=1).T
        return divergence(scores, side.positive, side.trust, self.config.epsilon)
