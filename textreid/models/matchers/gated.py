"""The matching gate: what two images have in common in a stripe is made to count more.

Varior, Haloi and Wang, "Gated Siamese Convolutional Neural Network Architecture for Human
Re-Identification", ECCV 2016.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_at_least, require_between
from textreid.models.matchers._image_matcher import ImageMatcher


@dataclass(frozen=True)
class Config:
    """Options of `Gated`.

    Attributes:
        width: feature maps that are compared.
        summary: numbers that a stripe is summarised by.
        weight: how much cosine one unit of the logit is worth where both put hits into order.
    """

    width: int = 64
    summary: int = 32
    weight: float = 0.01

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, 4_096, "width", "summary")


class Gated(ImageMatcher):
    """Images whose stripes look alike are compared by those stripes first.

        m = summary of a stripe of x        g = exp(-‖m - m'‖² / p²)        x ← x (1 + g), x' ← x' (1 + g)
        logit = s (b - ‖x̂ - x̂'‖²)                                           a hat: the whole map at length 1

    Equal stripes count twice, stripes that have nothing in common stay as they are; p, s and b are learned.
    The map of an image thus depends on what it is compared with, so n images of a gallery cost n passes for
    each query: it is for the best hits of a search. Symmetric. The paper trains it by a contrastive loss of
    the distance.

    Args:
        config: its size.
        image_width: C, length of an image token.
    """

    config: Config

    def __init__(self, config: Config, *, image_width: int) -> None:
        super().__init__(config)
        self.maps = nn.Sequential(nn.Conv2d(image_width, config.width, 1), nn.BatchNorm2d(config.width))
        self.summary = nn.Sequential(nn.Linear(config.width, config.summary), nn.Tanh())
        self.log_spread = nn.Parameter(torch.zeros(()))
        self.log_scale = nn.Parameter(torch.tensor(2.0))
        self.border = nn.Parameter(torch.ones(()))

    def read(self, grids: Tensor) -> Tensor:
        """See `ImageMatcher.read`."""
        maps: Tensor = self.maps(grids)
        return maps

    def score_pairs(self, left: Tensor, right: Tensor) -> Tensor:
        """See `ImageMatcher.score_pairs`."""
        gates = 1 + self.gates(left, right)[:, None, :, None]
        one, other = (F.normalize((maps.float() * gates).flatten(1), dim=1) for maps in (left, right))
        distances = (one - other).square().sum(dim=1)
        return self.log_scale.exp() * (self.border - distances)

    def gates(self, left: Tensor, right: Tensor) -> Tensor:
        """[N, h] float32 in (0, 1], how much alike the stripes of two images are; 1 where they are equal."""
        one, other = (self.summary(maps.mean(dim=3).transpose(1, 2)).float() for maps in (left, right))
        return torch.exp(-(one - other).square().sum(dim=2) / (2 * self.log_spread).exp())
