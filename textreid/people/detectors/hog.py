"""The detector that is always there: histograms of oriented gradients, shipped inside OpenCV.

N. Dalal, B. Triggs: Histograms of Oriented Gradients for Human Detection, CVPR 2005. It wants whole upright
people and misses the seated, the cut off and the far away; a neural detector finds more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textreid.people.detectors.boxes import Boxes, within

WINDOW = np.array([64, 128])
"""Width and height in pixels of what the model looks at: a person about 96 high, with a margin all around."""

NEAR = 128
"""Height in pixels of a second, small look with a border, for people who are as tall as the image."""


@dataclass(frozen=True)
class Config:
    """How the HOG detector looks.

    Attributes:
        enlarge: images are scaled by this first, so that people from 96 / enlarge pixels are found ...
        longest: ... but to no more than this many pixels on the longer side.
        shrink: width and height of a person as fractions of the window that found it.
        threshold: least margin to the decision surface that counts; a score is the logistic of the margin.
        overlap: windows that have more than this fraction of the smaller one in common are one person.
    """

    enlarge: float = 1.5
    longest: int = 1600
    shrink: tuple[float, float] = (0.7, 0.75)
    threshold: float = 0.4
    overlap: float = 0.6


class HogDetector:
    """OpenCV's people detector, tuned for people on surveillance video."""

    name = "hog"

    def __init__(self, config: Config | None = None) -> None:
        import cv2

        self.config = config or Config()
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(cv2.HOGDescriptor.getDefaultPeopleDetector())

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """The people in each [H, W, 3] uint8 RGB image."""
        return [self._detect(image) for image in images]

    def _detect(self, image: np.ndarray) -> Boxes:
        import cv2

        height, width = image.shape[:2]
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        limit = self.config.longest
        far = self._windows(gray, min(self.config.enlarge, limit / max(height, width)), border=0, step=1.075)
        near = self._windows(gray, min(NEAR / height, limit / width), border=NEAR // 4, step=1.05)
        windows, margins = (np.concatenate(both) for both in zip(far, near, strict=True))
        people, margins = merge(windows, margins, self.config.overlap)
        return within(people, 1 / (1 + np.exp(-margins)), width, height)

    def _windows(
        self, gray: np.ndarray, scale: float, border: int, step: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """People as [N, 4] boxes in pixels of `gray`, and [N] margins, many for each person."""
        import cv2

        height, width = gray.shape
        size = np.maximum(np.rint([width * scale, height * scale]), 8).astype(int)
        small = cv2.resize(
            gray, size.tolist(), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        margin = np.maximum(border, -(-(WINDOW - size) // 2))  # no image may be smaller than a window
        small = cv2.copyMakeBorder(
            small, margin[1], margin[1], margin[0], margin[0], borderType=cv2.BORDER_REPLICATE
        )
        windows, margins = self._hog.detectMultiScale(
            small,
            hitThreshold=self.config.threshold,
            winStride=(8, 8),
            padding=(16, 16),
            scale=step,
            groupThreshold=0,
        )
        found = np.asarray(windows, np.float64).reshape(-1, 4)
        centre = found[:, :2] + found[:, 2:] / 2 - margin
        half = found[:, 2:] / 2 * self.config.shrink
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        return boxes * np.tile([width, height] / size, 2), np.ravel(margins).astype(np.float64)


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
    return np.reshape(boxes, (-1, 4)), np.array(best)
