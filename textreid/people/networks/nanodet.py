"""NanoDet-g, a detector of 3.8 million parameters (RangiLyu, github.com/RangiLyu/nanodet, Apache-2.0).

A cross-stage-partial network of plain 3x3 convolutions, a path aggregation neck of 128 channels, and a head
that each of three strides has for itself. Boxes are distances from a cell's centre to their four sides, each
the mean of a distribution over eleven bins (Li et al., "Generalized Focal Loss", NeurIPS 2020).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDES = (8, 16, 32)
"""Pixels of the input from cell to cell of each level."""

CLASSES, BINS = 80, 11
"""COCO's classes, the first of which is "person", and the bins of each side's distance: 0 to 10 strides."""

MEAN, DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
"""Of the pixels that it was trained on: blue, green, red, 0 to 255."""


class NanoDet(nn.Module):
    """Images to class scores and box distances; fully convolutional.

    The convolutions stand in the order in which the published graph runs them, batch norms folded in.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv(3, 32, stride=2)
        self.stages = nn.ModuleList(
            [_Stage(32, 32, 1, 1), _Stage(64, 64, 2, 2), _Stage(128, 128, 2, 2), _Stage(256, 256, 3, 2)]
        )
        self.laterals = nn.ModuleList([nn.Conv2d(width, 128, 1) for width in (128, 256, 512)])
        self.heads = nn.ModuleList(
            [nn.Sequential(_conv(128, 128), nn.Conv2d(128, CLASSES + 4 * BINS, 1)) for _ in STRIDES]
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Score every cell of every level.

        Args:
            images: [B, 3, H, W] float32, blue, green, red, 0 to 255; H and W are multiples of 32.

        Returns:
            [B, N] scores of the class "person", 0 to 1, and [B, N, 4] boxes: left, top, right, bottom in
            pixels of the input, not clipped.
        """
        mean = images.new_tensor(MEAN).view(1, 3, 1, 1)
        deviation = images.new_tensor(DEVIATION).view(1, 3, 1, 1)
        x = functional.max_pool2d(self.stem((images - mean) / deviation), 3, stride=2, padding=1)
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        levels = [lateral(x) for lateral, x in zip(self.laterals, levels[1:], strict=True)]
        for i in (1, 0):
            levels[i] = levels[i] + _resize(levels[i + 1], 2)
        for i in (1, 2):
            levels[i] = levels[i] + _resize(levels[i - 1], 0.5)
        found = [decode(head(x), stride) for head, x, stride in zip(self.heads, levels, STRIDES, strict=True)]
        scores, boxes = zip(*found, strict=True)
        return torch.cat(scores, dim=1), torch.cat(boxes, dim=1)


def decode(head: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """The people of one level.

    Args:
        head: [B, 80 + 4 * 11, h, w], logits of the classes, then of the bins of left, top, right, bottom.
        stride: pixels between cells.

    Returns:
        [B, h * w] scores and [B, h * w, 4] boxes in pixels.
    """
    height, width = head.shape[2:]
    cells = head.flatten(2).transpose(1, 2)
    bins = torch.arange(BINS, dtype=cells.dtype, device=cells.device)
    distances = cells[..., CLASSES:].unflatten(2, (4, BINS)).softmax(dim=3) @ bins * stride
    y, x = torch.meshgrid(
        torch.arange(height, dtype=cells.dtype, device=cells.device),
        torch.arange(width, dtype=cells.dtype, device=cells.device),
        indexing="ij",
    )
    centres = (torch.stack([x, y], dim=2).flatten(0, 1) + 0.5) * stride
    boxes = torch.cat([centres - distances[..., :2], centres + distances[..., 2:]], dim=2)
    return cells[..., 0].sigmoid(), boxes


class _Stage(nn.Module):
    """A cross-stage-partial stage: what the blocks make is joined with what they were given."""

    def __init__(self, width: int, out: int, blocks: int, stride: int) -> None:
        super().__init__()
        self.enter = _conv(width, out, stride=stride)
        self.blocks = nn.ModuleList([_Block(out) for _ in range(blocks)])
        self.leave = _conv(out, out)

    def forward(self, x: Tensor) -> Tensor:
        given = x = self.enter(x)
        for block in self.blocks:
            x = block(x)
        return torch.cat([self.leave(x), given], dim=1)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width // 2)
        self.second = _conv(width // 2, width // 2)

    def forward(self, x: Tensor) -> Tensor:
        half = self.first(x)
        return torch.cat([self.second(half), half], dim=1)


def _conv(width: int, out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(width, out, 3, stride=stride, padding=1), nn.LeakyReLU(0.1))


def _resize(x: Tensor, factor: float) -> Tensor:
    return functional.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
