"""Put cut-out people into a scene, with their shadows."""

from __future__ import annotations

import cv2
import numpy as np

from textreid.synthetic.pedestrians.figure import Sprite


def paste(scene: np.ndarray, sprite: Sprite, at: tuple[int, int]) -> None:
    """Put a sprite with its upper left corner at `at` (x, y) of the scene; parts outside are cut."""
    x, y = at
    height, width = scene.shape[:2]
    h, w = sprite.alpha.shape
    x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    if x1 >= x2 or y1 >= y2:
        return
    part = (slice(y1 - y, y2 - y), slice(x1 - x, x2 - x))
    alpha = sprite.alpha[part][..., None]
    scene[y1:y2, x1:x2] += (sprite.rgb[part] - scene[y1:y2, x1:x2]) * alpha


def ground_shadow(
    scene: np.ndarray,
    sprite: Sprite,
    at: tuple[int, int],
    direction: tuple[float, float, float],
    strength: float,
) -> None:
    """Darken the floor where the person keeps the light off it."""
    h, w = sprite.alpha.shape
    x0, y0 = max(at[0] - h // 2, 0), max(at[1] + h // 2, 0)
    floor = scene[y0 : max(at[1] + h + h // 4, 0), x0 : max(at[0] + w + h // 2, 0)]
    if not floor.size:
        return
    fx, fy = sprite.foot
    x, y = at[0] + fx - x0, at[1] + fy - y0
    lean = -0.7 * direction[0] / max(direction[1], 0.3)
    flat = 0.16 + 0.3 * max(1 - direction[1], 0)
    lie_down = np.array([[1, -lean, x - fx + lean * fy], [0, flat, y - flat * fy]], np.float32)
    size = (floor.shape[1], floor.shape[0])
    cast = cv2.GaussianBlur(cv2.warpAffine(sprite.alpha, lie_down, size), (0, 0), max(h / 60, 0.8)) * strength
    touch = np.zeros(floor.shape[:2], np.float32)
    middle = (int(x), int(y - h * 0.015))
    cv2.ellipse(touch, middle, (max(int(h * 0.12), 2), max(int(h * 0.028), 1)), 0, 0, 360, 0.6, -1)
    touch = cv2.GaussianBlur(touch, (0, 0), max(h / 50, 1))
    floor *= (1 - np.maximum(cast, touch))[..., None]
