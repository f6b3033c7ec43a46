"""What every detector takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Boxes:
    """The people found in one image, best first.

    Attributes:
        xyxy: [N, 4] float32, left, top, right, bottom in pixels, inside the image.
        scores: [N] float32 in 0..1, falling.
    """

    xyxy: np.ndarray
    scores: np.ndarray

    def __post_init__(self) -> None:
        if self.xyxy.shape != (len(self.scores), 4):
            raise ValueError(
                f"Boxes need xyxy [N, 4] and scores [N], not {self.xyxy.shape}, {self.scores.shape}."
            )

    def __len__(self) -> int:
        return len(self.scores)


class Detector(Protocol):
    """Finds people in images.

    Attributes:
        name: tells this detector from others; what was indexed under another name is looked at again.
    """

    name: str

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """The people in each image.

        Args:
            images: each [H, W, 3] uint8 RGB, sizes may differ; they are not changed.

        Returns:
            One `Boxes` for each image, in its own pixels.
        """
        ...


def within(xyxy: np.ndarray, scores: np.ndarray, width: int, height: int) -> Boxes:
    """Boxes clipped to an image, best first; those of less than two pixels a side are dropped.

    Args:
        xyxy: [N, 4] any float.
        scores: [N] any float.
        width: of the image, pixels.
        height: of the image, pixels.
    """
    clipped = np.clip(xyxy.reshape(-1, 4), 0, [width, height, width, height]).astype(np.float32)
    order = np.argsort(-scores, kind="stable")
    order = order[(clipped[order, 2:] - clipped[order, :2]).min(axis=1) >= 2]
    return Boxes(clipped[order], scores[order].astype(np.float32))
