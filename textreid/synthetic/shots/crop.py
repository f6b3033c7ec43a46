"""One crop: a person in a place before a camera, boxed by a detector that is never quite exact."""

from __future__ import annotations

import numpy as np
from PIL import Image

from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.figure import Sprite, draw_figure
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.places.background import draw_background
from textreid.synthetic.places.camera import Camera
from textreid.synthetic.places.floors import Ground
from textreid.synthetic.shots.clutter import draw_obstacle, draw_stranger
from textreid.synthetic.shots.composite import ground_shadow, paste


def draw_crop(person: Pedestrian, view: View, camera: Camera, seed: int) -> Image.Image:
    """Draw a person as a surveillance camera would have recorded them.

    Args:
        person: who.
        view: the moment, from `View.sample` or your own.
        camera: where, from `Camera.place`.
        seed: decides size, framing, background details and noise; equal seeds give equal pixels.

    Returns:
        An RGB image, most often 40 to 110 pixels wide and 90 to 230 tall.
    """
    rng = seeded(seed, "crop", person.number, camera.number)
    tall = float(rng.uniform(*camera.person_height))
    sprite = draw_figure(person, view, tall, camera.light, finer=2)
    scene, box = _stage(sprite, view, camera, tall, rng)
    image = camera.expose(scene, tall, rng)
    return image.crop(box)


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
    scene *= np.array(camera.light.cast, np.float32) * np.float32(
        min(camera.light.sky + 0.6 * camera.light.sun, 1.15)
    )
    scene *= np.float32(rng.uniform(0.66, 1.02))
    if rng.random() < 0.3:
        draw_stranger(scene, camera, tall, rng)
    ground_shadow(
        scene, sprite, (pad_x, pad_y), camera.light.direction, strength=0.25 + 0.35 * camera.light.sun
    )
    paste(scene, sprite, (pad_x, pad_y))
    if view.hidden > 0:
        draw_obstacle(scene, pad_y + round(high * (1 - view.hidden)), rng)
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
