"""What disturbs a crop: strangers behind, and things in front."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from textreid.synthetic.drawing import noise
from textreid.synthetic.pedestrians.figure import draw_figure
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.pedestrians.sampling import sample_pedestrians
from textreid.synthetic.places.camera import Camera
from textreid.synthetic.shots.composite import paste


def draw_stranger(scene: np.ndarray, camera: Camera, tall: float, rng: np.random.Generator) -> None:
    """Draw somebody else who passes behind, partly out of the image and out of focus.

    Args:
        scene: [H, W, 3] float32, changed.
        camera: of the scene.
        tall: pixels that the main person stands tall.
        rng: decides who and where.
    """
    other = _strangers()[int(rng.integers(len(_strangers())))]
    view = View.sample(rng, other, pitch=camera.pitch)
    sprite = draw_figure(other, view, tall * float(rng.uniform(0.55, 0.92)), camera.light, finer=1)
    height, width = scene.shape[:2]
    x = round(width * ((-0.35 if rng.random() < 0.5 else 0.8) + rng.uniform(-0.12, 0.12)))
    y = round(height * rng.uniform(0.5, 0.8) - sprite.alpha.shape[0] * 0.6)
    soft = replace(
        sprite,
        rgb=cv2.GaussianBlur(sprite.rgb, (0, 0), 1.0),
        alpha=cv2.GaussianBlur(sprite.alpha, (0, 0), 0.8),
    )
    paste(scene, soft, (x, y))


@lru_cache(maxsize=1)
def _strangers() -> tuple[Pedestrian, ...]:
    return tuple(p for p in sample_pedestrians(40, 90210, start=9_000_000) if p.umbrella is None)


def draw_obstacle(scene: np.ndarray, top: int, rng: np.random.Generator) -> None:
    """Draw a low wall, a planter or a railing before the person.

    Args:
        scene: [H, W, 3] float32, changed.
        top: row of its upper edge.
        rng: decides which.
    """
    front = scene[max(top, 0) :]
    tall, wide = front.shape[:2]
    if not tall:
        return
    kind = rng.random()
    rail = max(tall // 7, 2)
    colour = (rng.uniform(0.2, 0.7) * (1 + rng.normal(0, 0.05, 3))).astype(np.float32)
    if kind < 0.35:  # a railing with close bars
        bars = np.mod(np.arange(wide), max(tall // 4, 4)) < max(tall // 7, 3)
        front[:, bars] = colour
        front[:rail] = colour * 1.1
        return
    if kind < 0.6:
        colour = np.array([0.25, 0.31, 0.18], np.float32) * np.float32(rng.uniform(0.7, 1.3))
    x, y = (int(v) for v in rng.integers(0, noise.SIZE, 2))
    rows, cols = (np.arange(tall) + y) & (noise.SIZE - 1), (np.arange(wide) + x) & (noise.SIZE - 1)
    deep = 0.16 if 0.35 <= kind < 0.6 else 0.04
    front[:] = np.clip(colour * (1 + deep * noise.tile(5, 8)[np.ix_(rows, cols)])[..., None], 0, 1)
    front[:rail] *= 1.2
    front[rail : rail + 2] *= 0.7
