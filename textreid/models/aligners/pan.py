"""Pedestrian alignment: a learned affine grid crops a person anew from a box that is loose or off.

Zheng, Zheng and Yang, "Pedestrian Alignment Network for Large-scale Person Re-identification", TCSVT 2018;
the affine grid is Jaderberg et al., "Spatial Transformer Networks", NeurIPS 2015.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_between
from textreid.models.aligners._aligner import Aligner

POOLED = (8, 4)
"""Places, down and across, from which the grid is told; they say where in the image the person is."""


@dataclass(frozen=True)
class Config:
    """Options of `PAN`.

    Attributes:
        weight: of the aligned view in the search vector, where the global vector's is 1.
        width: numbers of each place that the grid is told from.
        zoom: fraction of the box that is seen at first, in height and width.
        speed: factor of what is learned: a grid that turns fast loses the person.
    """

    weight: float = 1.0
    width: int = 128
    zoom: float = 0.8
    speed: float = 0.1

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, 4_096, "width")
        require_above(self, 0, "zoom", "speed")


class PAN(Aligner):
    """Where to look for the person in the box, as six numbers of an affine map.

        θ = [[z, 0, 0], [0, z, 0]] + speed · G(tokens)
        (x, y) of the box = θ (x′, y′, 1) of the new crop

    with coordinates from -1 to 1 and zoom z; what lies outside of the box is the mean colour. G begins at 0.
    Tokens get no gradient of it, so the base branch learns as if nobody aligned. The paper crops a feature
    map and gives the aligned branch its own last stages; here pixels are cropped, and the tower is shared.

    Args:
        config: its options.
        image_width: C, length of an image token.
    """

    config: Config

    def __init__(self, config: Config, *, image_width: int) -> None:
        super().__init__(config)
        self.places = nn.Sequential(nn.Conv2d(image_width, config.width, 1), nn.ReLU())
        self.grid = nn.Linear(config.width * POOLED[0] * POOLED[1], 6)
        nn.init.zeros_(self.grid.weight)
        nn.init.zeros_(self.grid.bias)

    def recrop(self, images: Tensor, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """See `Aligner.recrop`."""
        return sample(images, self.theta(tokens, grid))

    def theta(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """[N, 2, 3] float32, the affine map from the new crop into the box."""
        seen = self.places(tokens.detach().transpose(1, 2).unflatten(2, grid))
        pooled = F.interpolate(seen.float(), POOLED, mode="bilinear", align_corners=False).flatten(1)
        start = torch.tensor([[self.config.zoom, 0, 0], [0, self.config.zoom, 0]], device=pooled.device)
        return start + self.config.speed * self.grid(pooled).view(-1, 2, 3)


def sample(images: Tensor, theta: Tensor) -> Tensor:
    """[N, 3, H, W] float32: each pixel of a new crop is what lies at its place in the image, 0 outside of it.

    Args:
        images: [N, 3, H, W].
        theta: [N, 2, 3] float32, from the new crop into the image, both from -1 to 1.
    """
    height, width = images.shape[2:]
    y, x = (
        (2 * torch.arange(size, device=images.device, dtype=theta.dtype) + 1) / size - 1
        for size in (height, width)
    )
    places = torch.stack(
        [x.expand(height, width), y[:, None].expand(height, width), torch.ones_like(x).expand(height, width)]
    )
    grid = torch.einsum("nij,jhw->nhwi", theta, places)
    sampled: Tensor = F.grid_sample(images.float(), grid, padding_mode="zeros", align_corners=False)
    return sampled
