"""Same person or not: pairs of images for the model's image matcher, hard ones among them.

Two classes, same and different, are learned so by Li et al., "DeepReID", CVPR 2014, and Ahmed et al., "An
Improved Deep Learning Architecture for Person Re-Identification", CVPR 2015, who also mine hard negatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_at_least, require_between
from textreid.errors import InputError
from textreid.losses._base import Loss
from textreid.pairs import image_image
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `ImageMatching`.

    Attributes:
        weight: factor in the objective.
        negatives: pairs of two people for each pair of one.
        temperature: cosines are divided by it before the softmax that negatives are drawn from; a high one
            draws any of them alike.
    """

    weight: float = 1.0
    negatives: int = 2
    temperature: float = 0.07

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, 1_000, "negatives")
        require_between(self, 1e-3, 1e6, "temperature")


class ImageMatching(Loss):
    """Teaches the model's image matcher to tell one person from two who look alike.

    Each image is paired with one of the same person, and with `negatives` of others, drawn from the softmax
    over the cosines of the pooled vectors, so that what a search confuses comes up most. Binary cross-entropy
    on the matcher's logits; both kinds of pairs weigh the same. It shapes the grids of the image tower; which
    pairs are hard follows from the pooled vectors, without a gradient. Needs two images of somebody, and two
    people; images of nobody known are left out. `verification` asks the same of vectors, `matching` of images
    and texts.
    """

    across_ranks = False
    config: Config

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32; a zero without a pair of each kind.

        Args:
            encoded: `score_image_pairs`, and `image.pooled` [B, D] to find hard pairs by.
            batch: `labels` [B].

        Raises:
            InputError: the model has no image matcher.
        """
        same, other = image_image(batch)
        anchors = (same.any(dim=1) & other.any(dim=1)).nonzero().squeeze(1)
        if not len(anchors):
            return encoded.nothing()
        if encoded.score_image_pairs is None:
            raise InputError(
                "[loss.image_matching] trains an image matcher: add a [model.image_matcher] table to the"
                ' recipe, such as name = "idla".'
            )
        vectors = F.normalize(encoded.image.pooled.detach().float(), dim=1)
        hard = (vectors @ vectors.T / self.config.temperature).masked_fill(~other, -torch.inf)[anchors]
        positives = same[anchors].float().multinomial(1).squeeze(1)
        negatives = hard.softmax(dim=1).multinomial(self.config.negatives, replacement=True).flatten()
        logits = encoded.score_image_pairs(
            torch.cat([anchors, anchors.repeat_interleave(self.config.negatives)]),
            torch.cat([positives, negatives]),
        )
        right, wrong = logits[: len(anchors)], logits[len(anchors) :]
        return (F.softplus(-right).mean() + F.softplus(wrong).mean()) / 2
