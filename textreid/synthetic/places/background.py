"""A place without people: a floor in perspective and what stands behind it."""

from __future__ import annotations

import cv2
import numpy as np

from textreid.synthetic.places.floors import Ground, draw_floor
from textreid.synthetic.places.walls import draw_wall


def draw_background(
    width: int, height: int, ground: Ground, edge: int, floor: str, wall: str, rng: np.random.Generator
) -> np.ndarray:
    """Draw an empty place.

    Args:
        width: pixels.
        height: pixels.
        ground: how the camera sees the floor.
        edge: row where the wall meets the floor; 0 or less shows floor alone.
        floor: one of `floors.FLOORS`.
        wall: one of `walls.WALLS`.
        rng: decides the details.

    Returns:
        [height, width, 3] float32 sRGB, 0..1.
    """
    edge = int(np.clip(edge, 0, height))
    image = np.empty((height, width, 3), np.float32)
    if edge < height:
        rows = np.arange(edge, height, dtype=np.float32) + 0.5
        image[edge:] = draw_floor(width, rows, ground, floor, rng)
    if edge > 0:
        metre = ground.metre(edge)
        behind = draw_wall(width, edge, metre, wall, rng)
        image[:edge] = cv2.GaussianBlur(behind, (0, 0), max(metre / 90, 0.5))
        reach = max(int(metre / 4), 1)
        foot = image[edge : edge + reach]
        foot *= np.linspace(0.7, 1, len(foot), dtype=np.float32)[:, None, None]
    return np.clip(image, 0, 1)
