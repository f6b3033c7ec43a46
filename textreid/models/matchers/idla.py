"""Neighbour comparison: each place of one image against the neighbourhood of the same place in the other.

Ahmed, Jones and Marks, "An Improved Deep Learning Architecture for Person Re-Identification", CVPR 2015.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_at_least, require_between
from textreid.errors import InputError
from textreid.models.matchers._image_matcher import ImageMatcher

POOLED = (4, 2)
"""Places, down and across, that are left of what neighbourhoods say."""


@dataclass(frozen=True)
class Config:
    """Options of `IDLA`.

    Attributes:
        width: K, feature maps that are compared.
        window: side of a neighbourhood in places, odd.
        summary: feature maps of the patch summary.
        hidden: numbers before the verdict.
        weight: how much cosine one unit of the logit is worth where both put hits into order.
    """

    width: int = 25
    window: int = 5
    summary: int = 25
    hidden: int = 500
    weight: float = 0.01

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, 4_096, "width", "summary", "hidden")
        require_between(self, 1, 15, "window")
        if self.window % 2 == 0:
            raise InputError(f"idla: window is {self.window}; it must be odd, so that it has a middle.")


class IDLA(ImageMatcher):
    """Differences of neighbourhoods, both ways round.

        K_i(x, y) = f_i(x, y) 1 - N[g_i(x, y)]        1, N: a window of 5 × 5 ones, and of places around

    and K' with f and g exchanged. Where a person stands a place further, one of the differences is still
    small. What of a window lies outside of the image counts as 0. A map over each window summarises it (the
    paper's 5 × 5 convolution with stride 5), a 3 × 3 convolution puts the summaries beside their neighbours,
    each way with weights of its own, and a verdict follows. The two classes of the paper's softmax are one
    logit here, their difference.

    Args:
        config: its size.
        image_width: C, length of an image token.
    """

    config: Config

    def __init__(self, config: Config, *, image_width: int) -> None:
        super().__init__(config)
        self.maps = nn.Sequential(nn.Conv2d(image_width, config.width, 1), nn.BatchNorm2d(config.width))
        self.there, self.back = _summary(config), _summary(config)
        places = 2 * config.summary * POOLED[0] * POOLED[1]
        self.verdict = nn.Sequential(nn.Linear(places, config.hidden), nn.ReLU(), nn.Linear(config.hidden, 1))

    def read(self, grids: Tensor) -> Tensor:
        """See `ImageMatcher.read`; W is K."""
        maps: Tensor = self.maps(grids).relu()
        return maps

    def score_pairs(self, left: Tensor, right: Tensor) -> Tensor:
        """See `ImageMatcher.score_pairs`; the order of the two matters."""
        ways = ((self.there, left, right), (self.back, right, left))
        summaries = [
            summarise(neighbour_differences(one, other, self.config.window).flatten(1, 2).relu()).flatten(1)
            for summarise, one, other in ways
        ]
        logits: Tensor = self.verdict(torch.cat(summaries, dim=1))
        return logits[:, 0].float()


def neighbour_differences(left: Tensor, right: Tensor, window: int) -> Tensor:
    """[N, K, window², h, w]: each place of one image less those around it in the other, 0 outside of it.

    Args:
        left: [N, K, h, w].
        right: likewise.
        window: side of a neighbourhood, odd; its places come row by row.
    """
    (count, maps), size, around = left.shape[:2], left.shape[2:], window // 2

    def neighbours(grid: Tensor) -> Tensor:
        return F.unfold(grid, window, padding=around).view(len(grid), -1, window**2, *size)

    inside = neighbours(torch.ones_like(left[:1, :1]))
    return (left[:, :, None] - neighbours(right).view(count, maps, window**2, *size)) * inside


def _summary(config: Config) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(config.width * config.window**2, config.summary, 1),
        nn.ReLU(),
        nn.Conv2d(config.summary, config.summary, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(POOLED),
    )
