"""One crop: a person in a place before a camera, boxed by a detector that is never quite exact."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from textreid.data.synthetic.background import draw_background
from textreid.data.synthetic.camera import Camera
from textreid.data.synthetic.floors import Ground
from textreid.data.synthetic.figure import Sprite, draw_figure
from textreid.data.synthetic.pedestrian import Pedestrian
from textreid.data.synthetic.pose import View
from textreid.data.synthetic.seeding import rng as seeded


def draw_crop(person: Pedestrian, view: View, camera: Camera, seed: int) -> Image.Image:
    """Draw a person as a surveillance camera would have recorded them.

    Args:
        person: who.
        view: the moment, from `View.sample` or your own.
        camera: where, from `Camera.place`.
        seed: decides size, framing, background details and noise; equal seeds give equal pixels.

    Returns:
        An RGB picture, 36 to 128 pixels wide and up to 256 tall.
    """
    rng = seeded(seed, "crop", person.number, camera.number)
    tall = float(rng.uniform(*camera.person_height))
    sprite = draw_figure(person, view, tall, camera.light, finer=2)
    scene, box = _stage(sprite, view, camera, tall, rng)
    picture = camera.expose(scene, tall, rng)
    return picture.crop(box)


def _stage(
    sprite: Sprite, view: View, camera: Camera, tall: float, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """The scene around one sprite and the detector's box in it."""
    high, wide = sprite.alpha.shape
    left, top, right, bottom = (
        float(v) for v in rng.normal([0.09, 0.045, 0.09, 0.045], [0.07, 0.03, 0.07, 0.03])
    )
    pad_x, pad_y = int(wide * 0.3 + tall * 0.06), int(high * 0.15)
    width, height = wide + 2 * pad_x, high + 2 * pad_y
    foot, metre, above = pad_y + sprite.foot[1], tall / 1.75, float(rng.uniform(2.0, 3.4))
    ground = Ground(foot - metre * above, above, metre * float(rng.uniform(5, 12)))
    edge = round(height * float(rng.uniform(0.1, 0.62)) - height * camera.pitch / 90)
    edge = max(edge, round(ground.horizon + 0.3 * metre))
    place = np.random.Generator(np.random.PCG64(camera.seed)) if rng.random() < 0.3 else rng
    scene = draw_background(width, height, ground, edge, camera.floor, camera.wall, place)
    scene *= np.float32(camera.light.cast) * np.float32(min(camera.light.sky + 0.6 * camera.light.sun, 1.15))
    scene *= np.float32(rng.uniform(0.75, 1.15))
    if rng.random() < 0.3:
        _stranger(scene, camera, tall, rng)
    ground_shadow(
        scene, sprite, (pad_x, pad_y), camera.light.direction, strength=0.25 + 0.35 * camera.light.sun
    )
    paste(scene, sprite, (pad_x, pad_y))
    if view.hidden > 0:
        _obstacle(scene, pad_y + high * (1 - view.hidden), rng)
    x1, y1, x2, y2 = sprite.box
    w, h = x2 - x1, y2 - y1
    if w < h * 0.3:  # narrow people get boxes of a usual shape
        spare = (h * 0.34 - w) / 2
        left, right = left + spare / w, right + spare / w
    box = (
        int(max(pad_x + x1 - left * w, 0)),
        int(max(pad_y + y1 - top * h, 0)),
        int(min(pad_x + x2 + right * w, width)),
        int(min(pad_y + y2 + bottom * h, height)),
    )
    return scene, box


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
    lie_down = np.float32([[1, -lean, x - fx + lean * fy], [0, flat, y - flat * fy]])
    size = (floor.shape[1], floor.shape[0])
    cast = cv2.GaussianBlur(cv2.warpAffine(sprite.alpha, lie_down, size), (0, 0), max(h / 60, 0.8)) * strength
    touch = np.zeros(floor.shape[:2], np.float32)
    middle = (int(x), int(y - h * 0.015))
    cv2.ellipse(touch, middle, (max(int(h * 0.12), 2), max(int(h * 0.028), 1)), 0, 0, 360, 0.6, -1)
    touch = cv2.GaussianBlur(touch, (0, 0), max(h / 50, 1))
    floor *= (1 - np.maximum(cast, touch))[..., None]


def _stranger(scene: np.ndarray, camera: Camera, tall: float, rng: np.random.Generator) -> None:
    """Somebody else passes behind, partly out of the picture."""
    other = _extras()[int(rng.integers(len(_extras())))]
    size = float(rng.uniform(0.55, 0.92))
    view = View.sample(rng, other, pitch=camera.pitch)
    sprite = draw_figure(other, view, tall * size, camera.light, finer=1)
    height, width = scene.shape[:2]
    side = -0.35 if rng.random() < 0.5 else 0.8
    x = int(width * (side + rng.uniform(-0.12, 0.12)))
    y = int(height * rng.uniform(0.5, 0.8) - sprite.alpha.shape[0] * 0.6)
    soft = Sprite(
        cv2.GaussianBlur(sprite.rgb, (0, 0), 1.0),
        cv2.GaussianBlur(sprite.alpha, (0, 0), 0.8),
        sprite.foot,
        sprite.box,
    )
    paste(scene, soft, (x, y))


@lru_cache(maxsize=1)
def _extras() -> list[Pedestrian]:
    from textreid.data.synthetic.sampling import sample_pedestrians

    return [p for p in sample_pedestrians(40, 90210, start=9_000_000) if p.umbrella is None]


def _obstacle(scene: np.ndarray, top: float, rng: np.random.Generator) -> None:
    """A wall, planter, bin or rail before the person."""
    height, width = scene.shape[:2]
    y = int(top)
    if y >= height:
        return
    colour = np.float32(rng.uniform(0.2, 0.75) * (1 + rng.normal(0, 0.08, 3)))
    if rng.random() < 0.3:
        colour = np.float32([0.24, 0.33, 0.17]) * np.float32(rng.uniform(0.7, 1.3))
    grain = 1 + 0.05 * noise_rows(width, height - y, rng)
    scene[y:] = np.clip(colour * grain[..., None], 0, 1)
    scene[y : y + max((height - y) // 10, 1)] *= 1.15


def noise_rows(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """[height, width] smooth noise."""
    from textreid.data.synthetic import noise

    x, y = int(rng.integers(noise.SIZE)), int(rng.integers(noise.SIZE))
    return noise.tile(5, 8)[np.ix_((np.arange(height) + y) & 255, (np.arange(width) + x) & 255)]
