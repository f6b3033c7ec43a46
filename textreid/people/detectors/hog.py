"""The detector that is always there: histograms of oriented gradients, shipped inside OpenCV.

N. Dalal, B. Triggs: Histograms of Oriented Gradients for Human Detection, CVPR 2005. It wants whole upright
people and misses the seated, the cut off and the far away; a neural detector finds more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textreid.people.detectors.boxes import Boxes, within

# The model looks at windows of 64 x 128 pixels in which a person is about 96 high, with a margin all around.
WINDOW = (64, 128)


@dataclass(frozen=True)
class Config:
    """How the HOG detector looks.

    Attributes:
        enlarge: pictures are scaled by this first, so that people from 96 / enlarge pixels are found.
        longest: ... but to no more than this many pixels on the longer side.
        shrink: width and height of the person as a share of the window that found it.
        threshold: least distance from the decision surface that counts; the score is its logistic.
        overlap: of two boxes that overlap by more than this share (of the smaller), the weaker goes.
    """

    enlarge: float = 1.5
    longest: int = 1600
    shrink: tuple[float, float] = (0.7, 0.75)
    threshold: float = 0.4
    overlap: float = 0.55


class HogDetector:
    """OpenCV's people detector, tuned for people on surveillance video."""

    name = "hog"

    def __init__(self, config: Config | None = None) -> None:
        import cv2

        self.config = config or Config()
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """The people in each [H, W, 3] uint8 RGB picture."""
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> Boxes:
        import cv2

        height, width = image.shape[:2]
        scale = min(self.config.enlarge, self.config.longest / max(height, width))
        size = (max(WINDOW[0], round(width * scale)), max(WINDOW[1], round(height * scale)))
        gray = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_LINEAR)
        windows, margins = self._hog.detectMultiScale(
            gray,
            hitThreshold=self.config.threshold,
            winStride=(8, 8),
            padding=(16, 16),
            scale=1.05,
            groupThreshold=0,
        )
        if len(windows) == 0:
            return within(np.zeros((0, 4)), np.zeros(0), width, height)
        left, top, w, h = np.asarray(windows, np.float64).T
        cx, cy = (left + w / 2) * width / size[0], (top + h / 2) * height / size[1]
        w = w * self.config.shrink[0] * width / size[0]
        h = h * self.config.shrink[1] * height / size[1]
        people = np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], axis=1)
        people, margin = merge(people, np.ravel(margins).astype(np.float64), self.config.overlap)
        return within(people, 1 / (1 + np.exp(-margin)), width, height)


def merge(xyxy: np.ndarray, margins: np.ndarray, overlap: float) -> tuple[np.ndarray, np.ndarray]:
    """Many windows around each person to one box: the best window takes in those that overlap it.

    Args:
        xyxy: [N, 4] windows.
        margins: [N] positive.
        overlap: intersection over the smaller area above which two windows are one person.

    Returns:
        [M, 4] means weighted by margin, [M] the largest margin of each, falling.
    """
    order = np.argsort(-margins, kind="stable")
    xyxy, margins = xyxy[order], margins[order]
    areas = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    free = np.ones(len(margins), bool)
    boxes, best = [], []
    for i in range(len(margins)):
        if not free[i]:
            continue
        shared = np.minimum(xyxy[i, 2:], xyxy[:, 2:]) - np.maximum(xyxy[i, :2], xyxy[:, :2])
        together = free & (shared.clip(min=0).prod(axis=1) > overlap * np.minimum(areas[i], areas))
        free &= ~together
        boxes.append(np.average(xyxy[together], axis=0, weights=margins[together]))
        best.append(margins[i])
    return np.array(boxes), np.array(best)
