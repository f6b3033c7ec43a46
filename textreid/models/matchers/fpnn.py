"""Patch matching: which place of a stripe of one image is which place of the same stripe of the other.

Li et al., "DeepReID: Deep Filter Pairing Neural Network for Person Re-identification", CVPR 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from textreid.config import require_at_least, require_between
from textreid.errors import InputError
from textreid.models.matchers._image_matcher import ImageMatcher

POOLED = (4, 2, 2)
"""Stripes, and places across in both images, that are left of the displacements."""


@dataclass(frozen=True)
class Config:
    """Options of `FPNN`.

    Attributes:
        width: K, filters whose responses are compared.
        group: filters of which the largest response counts; it divides the width.
        hidden: numbers before the verdict.
        weight: how much cosine one unit of the logit is worth where both put hits into order.
    """

    width: int = 64
    group: int = 4
    hidden: int = 128
    weight: float = 0.01

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, 4_096, "width", "group", "hidden")
        if self.width % self.group:
            raise InputError(f"fpnn: groups of {self.group} do not divide a width of {self.width}.")


class FPNN(ImageMatcher):
    """Displacements of patches: each filter's responses at two places of one stripe, multiplied.

        S^k_(i,j)(i,j') = f^k_ij g^k_ij'

    A person who is a little to the left in one image has large products beside the diagonal. Of filters in
    one group the largest product counts (max-out), since a garment looks different to two cameras.
    Convolutions over the displacements find how parts have moved, and a verdict follows, same or different.
    The two classes of the paper's softmax are one logit here, their difference. Filters are 1×1 and read the
    image tower, where the paper's network begins at the pixels.

    Args:
        config: its size.
        image_width: C, length of an image token.
    """

    config: Config

    def __init__(self, config: Config, *, image_width: int) -> None:
        super().__init__(config)
        groups = config.width // config.group
        self.filters = nn.Sequential(nn.Conv2d(image_width, config.width, 1), nn.BatchNorm2d(config.width))
        self.parts = nn.Sequential(
            nn.Conv3d(groups, groups, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool3d(POOLED)
        )
        places = groups * POOLED[0] * POOLED[1] * POOLED[2]
        self.verdict = nn.Sequential(
            nn.Flatten(), nn.Linear(places, config.hidden), nn.ReLU(), nn.Linear(config.hidden, 1)
        )

    def read(self, grids: Tensor) -> Tensor:
        """See `ImageMatcher.read`; W is K."""
        responses: Tensor = self.filters(grids).relu()
        return responses

    def score_pairs(self, left: Tensor, right: Tensor) -> Tensor:
        """See `ImageMatcher.score_pairs`; the order of the two matters."""
        products = displacements(left, right)
        best = products.unflatten(1, (-1, self.config.group)).amax(dim=2)
        logits: Tensor = self.verdict(self.parts(best))
        return logits[:, 0].float()


def displacements(left: Tensor, right: Tensor) -> Tensor:
    """[N, K, h, w, w'], the products of each filter's responses at two places of one stripe.

    Args:
        left: [N, K, h, w].
        right: [N, K, h, w'].
    """
    return torch.einsum("nkhw,nkhv->nkhwv", left, right)
