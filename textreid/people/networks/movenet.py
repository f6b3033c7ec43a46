"""MoveNet lightning, seventeen keypoints of one person (Google, Apache-2.0; Votel and Li, 2021).

MobileNetV2 with a small feature pyramid; four heads say where people's centres are, where each keypoint
lies from a centre, how much each cell looks like each keypoint, and how far inside the cell the keypoint is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE, GRID = 192, 48
"""Sides of the input in pixels and of the heads in cells."""

KEYPOINTS = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""In COCO's order; left and right are the person's own."""

SOFTENING = 1.8
"""Cells added to a distance before a score is divided by it: nothing is infinitely near."""

_BLOCKS = (  # of MobileNetV2: expansion, width, how many, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_TAPS = {2: 24, 5: 32, 9: 64}
"""Numbers of the blocks that the pyramid also reads, and their widths."""


class MoveNet(nn.Module):
    """Square images of one person to keypoints."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, stride=2)
        self.blocks = nn.ModuleList()
        width = 32
        for expansion, out, number, stride in _BLOCKS:
            for n in range(number):
                self.blocks.append(_Block(width, out, expansion, stride if n == 0 else 1))
                width = out
        self.last = nn.Conv2d(320, 1280, 1)
        self.top = nn.Conv2d(1280, 64, 1)
        self.laterals = nn.ModuleList([nn.Conv2d(width, width, 1) for width in (64, 32, 24)])
        self.smooth = nn.ModuleList([_separable(64, 32), _separable(32, 24), _separable(24, 24)])
        self.heat = _head(17)
        self.regress = _head(34)
        self.centre = _head(1)
        self.offset = _head(34)

    def forward(self, images: Tensor) -> Tensor:
        """Find the person in the middle of each image.

        Args:
            images: [B, 3, 192, 192] float32 RGB, 0 to 255.

        Returns:
            [B, 17, 3]: y and x as fractions of the side, and a score from 0 to 1.
        """
        return decode(*self.heads(images))

    def heads(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `decode` reads, from [B, 3, 192, 192] images.

        Returns:
            Heat maps of the keypoints [B, 17, 48, 48], 0 to 1; where they lie from a centre [B, 34, 48, 48],
            y and x of each in cells; centres [B, 1, 48, 48], 0 to 1; offsets inside a cell [B, 34, 48, 48].
        """
        x = functional.relu6(self.stem(_pad(images / 127.5 - 1)))
        taps = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in _TAPS:
                taps.append(x)
        x = self.top(functional.relu6(self.last(x)))
        for lateral, smooth, tap in zip(self.laterals, self.smooth, reversed(taps), strict=True):
            x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = smooth(x + lateral(tap))
        return self.heat(x).sigmoid(), self.regress(x), self.centre(x).sigmoid(), self.offset(x)


def decode(heat: Tensor, regress: Tensor, centre: Tensor, offset: Tensor) -> Tensor:
    """From the most central person's centre to the best cell of each keypoint near where it should be.

    Args:
        heat: [B, 17, 48, 48].
        regress: [B, 34, 48, 48].
        centre: [B, 1, 48, 48].
        offset: [B, 34, 48, 48].

    Returns:
        [B, 17, 3]: y and x as fractions of the side, and a score from 0 to 1.
    """
    people, cells = torch.arange(len(heat), device=heat.device), torch.arange(GRID, device=heat.device)
    middle = GRID // 2
    distance = torch.hypot((cells - middle)[:, None].float(), (cells - middle)[None].float())
    best = (centre[:, 0] / (distance + SOFTENING)).flatten(1).argmax(dim=1)
    y, x = best // GRID, best % GRID
    expected = regress[people, :, y, x].unflatten(1, (17, 2)) + torch.stack([y, x], dim=1)[:, None]
    away = torch.hypot(
        cells[:, None] - expected[..., 0, None, None], cells[None] - expected[..., 1, None, None]
    )
    found = (heat / (away + SOFTENING)).flatten(2).argmax(dim=2)
    y, x = found // GRID, found % GRID
    joints = torch.arange(17, device=heat.device)[None]
    inside = offset.unflatten(1, (17, 2))[people[:, None], joints, :, y, x]
    places = (torch.stack([y, x], dim=2) + inside) / GRID
    return torch.cat([places, heat[people[:, None], joints, y, x][..., None]], dim=2)


class _Block(nn.Module):
    """An inverted residual."""

    def __init__(self, width: int, out: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = width * expansion
        self.expand = nn.Conv2d(width, wide, 1) if expansion > 1 else None
        self.depthwise = nn.Conv2d(wide, wide, 3, stride=stride, padding=1 if stride == 1 else 0, groups=wide)
        self.project = nn.Conv2d(wide, out, 1)
        self.residual = stride == 1 and width == out

    def forward(self, x: Tensor) -> Tensor:
        given = x
        if self.expand is not None:
            x = functional.relu6(self.expand(x))
        if self.depthwise.stride[0] == 2:
            x = _pad(x)
        x = self.project(functional.relu6(self.depthwise(x)))
        return given + x if self.residual else x


def _pad(x: Tensor) -> Tensor:
    """What "same" padding is at stride 2 and an even size: one row below and one column on the right."""
    return functional.pad(x, (0, 1, 0, 1))


def _separable(width: int, out: int) -> nn.Sequential:
    depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(width, out, 1), nn.ReLU())


def _head(out: int) -> nn.Sequential:
    return nn.Sequential(*_separable(24, 96), nn.Conv2d(96, out, 1))
