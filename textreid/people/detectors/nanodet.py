"""NanoDet-g, the detector that ships: people from 64 pixels of height, in photos and frames of any width.

The network knows people between about 35 and 400 pixels of its input, so an image is looked at in sizes
that halve: first so large that the smallest wanted person has 40 pixels, at last so small that whoever fills
the image is within what the network knows. Each size answers for the people whom the next smaller one would
see too small. What is wider than a view is cut into tiles, which overlap; who is cut by a tile's border is
whole in its neighbour or in the next smaller size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torchvision.ops import nms

from textreid.people.detectors.boxes import Boxes, within
from textreid.people.networks.load import load_nanodet

CELL = 32
"""Sides of what the network looks at are multiples of this many pixels."""


@dataclass(frozen=True)
class Config:
    """How the detector looks.

    Attributes:
        smallest: height in pixels of the smallest people that are wanted; smaller ones cost more time.
        height: pixels that such a person has in the network's input.
        last: longest side in pixels of the smallest size that is looked at; it finds whoever fills the image.
        tallest: height in pixels of the network's input above which people are left to the next smaller size.
        view: longest side in pixels of what the network looks at in one go.
        overlap: pixels that neighbouring tiles share.
        threshold: least score, 0 to 1.
        same: boxes of one size whose intersection over union is above this are one person, as in NanoDet's
            own code.
        inside: boxes of two sizes that share more than this part of the smaller one are one person.
    """

    smallest: float = 64.0
    height: float = 40.0
    last: int = 256
    tallest: float = 240.0
    view: int = 1088
    overlap: int = 160
    threshold: float = 0.5
    same: float = 0.6
    inside: float = 0.7


class NanoDetDetector:
    """NanoDet-g with the weights that textreid ships.

    Args:
        config: how it looks.
        device: a torch device.
    """

    name = "nanodet"

    def __init__(self, config: Config | None = None, device: str = "cpu") -> None:
        self.config, self.device = config or Config(), device
        self._network = load_nanodet().to(device).to(memory_format=torch.channels_last)

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """The people in each [H, W, 3] uint8 RGB image."""
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> Boxes:
        height, width = image.shape[:2]
        sizes = [self._find(image, scale) for scale in _scales(max(height, width), self.config)]
        boxes, scores = np.concatenate([boxes for boxes, _ in sizes]), np.concatenate([s for _, s in sizes])
        levels = np.repeat(np.arange(len(sizes)), [len(found) for _, found in sizes])
        kept = _merge(boxes, scores, levels, self.config.inside)
        return within(boxes[kept], scores[kept], width, height)

    def _find(self, image: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
        """Who is found in one size: [N, 4] boxes in pixels of the whole image, and [N] scores."""
        import cv2

        config = self.config
        size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
        resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        boxes, scores = [], []
        for top in _starts(size[1], config):
            for left in _starts(size[0], config):
                tile = resized[top : top + config.view, left : left + config.view, ::-1]
                found, sure = self._look(tile)
                found = found + np.tile([left, top], 2).astype(np.float32)
                whole = ~_cut(found, left, top, tile.shape[1], tile.shape[0], size)
                boxes.append(found[whole])
                scores.append(sure[whole])
        all_boxes, all_scores = np.concatenate(boxes), np.concatenate(scores)
        kept = nms(torch.from_numpy(all_boxes), torch.from_numpy(all_scores), config.same).numpy()
        if max(size) > config.last:
            kept = kept[all_boxes[kept, 3] - all_boxes[kept, 1] <= config.tallest]
        return all_boxes[kept] / np.tile(np.divide(size, image.shape[1::-1]), 2), all_scores[kept]

    @torch.inference_mode()
    def _look(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[N, 4] boxes in pixels of a blue, green, red image of any size, and [N] scores."""
        height, width = image.shape[:2]
        padded = np.zeros((-(-height // CELL) * CELL, -(-width // CELL) * CELL, 3), np.uint8)
        padded[:height, :width] = image
        pixels = torch.from_numpy(padded).to(self.device).permute(2, 0, 1)[None].float()
        scores, boxes = self._network(pixels.contiguous(memory_format=torch.channels_last))
        sure = scores[0] >= self.config.threshold
        return boxes[0][sure].float().cpu().numpy(), scores[0][sure].float().cpu().numpy()


def _scales(longest: int, config: Config) -> list[float]:
    """By what an image is resized: the largest first."""
    scales = [config.height / config.smallest]
    while longest * scales[-1] > config.last:
        scales.append(scales[-1] / 2)
    return scales


def _starts(length: int, config: Config) -> list[int]:
    """Where tiles begin along one side, evenly spread."""
    if length <= config.view:
        return [0]
    number = -(-(length - config.overlap) // (config.view - config.overlap))
    return [round(n * (length - config.view) / (number - 1)) for n in range(number)]


def _cut(boxes: np.ndarray, left: int, top: int, width: int, height: int, size: Sequence[int]) -> np.ndarray:
    """[N] bool: whether a box [N, 4] ends where its tile does and the image, of (width, height), goes on."""
    right, bottom, near = left + width, top + height, 2
    return (
        ((left > 0) & (boxes[:, 0] < left + near))
        | ((top > 0) & (boxes[:, 1] < top + near))
        | ((right < size[0]) & (boxes[:, 2] > right - near))
        | ((bottom < size[1]) & (boxes[:, 3] > bottom - near))
    )


def _merge(boxes: np.ndarray, scores: np.ndarray, levels: np.ndarray, inside: float) -> list[int]:
    """Which of [N, 4] boxes stay, best first: of those of different levels that are one person, the best."""
    kept: list[int] = []
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    for i in np.argsort(-scores, kind="stable"):
        shared = np.minimum(boxes[i, 2:], boxes[kept, 2:]) - np.maximum(boxes[i, :2], boxes[kept, :2])
        part = shared.clip(min=0).prod(axis=1) / np.minimum(areas[i], areas[kept])
        if not ((part > inside) & (levels[kept] != levels[i])).any():
            kept.append(int(i))
    return kept
