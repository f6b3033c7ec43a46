"""One person as a cut-out image: drawn, lit, with an alpha channel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from textreid.synthetic.drawing.canvas import Canvas
from textreid.synthetic.pedestrians.body import draw_shoes, draw_skin
from textreid.synthetic.pedestrians.carried import draw_bag, draw_in_hand, draw_umbrella
from textreid.synthetic.pedestrians.headwear import draw_hair, draw_hat
from textreid.synthetic.pedestrians.lowers import draw_lower
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View, joints
from textreid.synthetic.pedestrians.uppers import draw_upper
from textreid.synthetic.pedestrians.wardrobe import Wardrobe


@dataclass(frozen=True)
class Light:
    """How a scene is lit.

    Attributes:
        direction: [3] towards the light in the view frame (x right, y up, z to the camera).
        sun: strength of the directed light.
        sky: strength of the light from everywhere.
        cast: [3] colour of the light.
    """

    direction: tuple[float, float, float] = (-0.4, 0.75, 0.5)
    sun: float = 0.55
    sky: float = 0.6
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Sprite:
    """A cut-out person.

    Attributes:
        rgb: [H, W, 3] float32, 0..1.
        alpha: [H, W] float32, 0..1.
        foot: (x, y) where the person stands, pixels of the cut-out.
        box: x1, y1, x2, y2 around the person, pixels of the cut-out.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    foot: tuple[float, float]
    box: tuple[int, int, int, int]


def draw_figure(person: Pedestrian, view: View, height: float, light: Light, *, finer: int = 2) -> Sprite:
    """Draw one person.

    Args:
        person: who.
        view: the moment.
        height: pixels that an adult of 1.75 m stands tall.
        light: of the scene.
        finer: how many times finer than the result it is drawn before being averaged down.

    Returns:
        The cut-out, trimmed to the person.
    """
    wardrobe = Wardrobe.of(person)
    scale = height * finer / 1.75
    tall, side = (2.5, 0.72) if person.umbrella else (1.98, 0.85 if person.bag == "suitcase" else 0.62)
    wide = int(2 * side * scale)
    high = int(tall * scale * 1.03)
    foot = (wide / 2, high - 0.16 * scale)
    canvas = Canvas(wide, high, scale, np.deg2rad(view.yaw), np.deg2rad(view.pitch), foot)
    at = joints(person, wardrobe.figure, view, wardrobe.stoop)
    draw_upper(canvas, person, wardrobe, at)
    draw_lower(canvas, person, wardrobe, at)
    draw_skin(canvas, person, wardrobe, at)
    draw_shoes(canvas, person, wardrobe, at)
    draw_hair(canvas, person, wardrobe, at)
    draw_hat(canvas, person, wardrobe, at)
    draw_bag(canvas, person, wardrobe, at)
    draw_umbrella(canvas, person, at)
    draw_in_hand(canvas, view, wardrobe, at)
    return _lit(canvas, light, finer)


def _lit(canvas: Canvas, light: Light, finer: int) -> Sprite:
    mask = canvas.mask
    x0, y0, w, h = cv2.boundingRect(mask.astype(np.uint8))
    x0, y0 = x0 // finer * finer, y0 // finer * finer
    w, h = -(-(w + finer) // finer) * finer, -(-(h + finer) // finer) * finer
    window = (slice(y0, y0 + h), slice(x0, x0 + w))
    mask, depth, normal = mask[window], canvas.depth[window], canvas.normal[window]
    h, w = mask.shape
    direction = np.asarray(light.direction, np.float32)
    direction = direction / np.linalg.norm(direction)
    facing = np.clip(normal @ direction, 0, 1)
    sky = light.sky * (0.74 + 0.26 * normal[..., 1]) * (0.72 + 0.28 * normal[..., 2])
    low = np.where(mask, depth, depth[mask].min() - 0.3)
    occlusion = np.zeros_like(low)
    for reach, weight in ((0.02, 0.9), (0.07, 0.8)):
        small = max(canvas.scale * reach, 1.0)
        near = cv2.blur(low, (int(2 * small) + 1,) * 2)
        near = cv2.blur(near, (int(2 * small) + 1,) * 2)
        occlusion += weight * np.clip((near - low) * 3.2, 0, 0.4)
    level = np.linspace(1.04, 0.86, h, dtype=np.float32)[:, None]
    shade = (sky + light.sun * facing) * np.clip(1 - occlusion, 0.35, 1) * level
    rgb = canvas.albedo[window] * shade[..., None] * np.asarray(light.cast, np.float32)
    alpha = mask.astype(np.float32)
    rgb *= alpha[..., None]
    if finer > 1:
        size = (w // finer, h // finer)
        rgb = cv2.resize(rgb[: size[1] * finer, : size[0] * finer], size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(alpha[: size[1] * finer, : size[0] * finer], size, interpolation=cv2.INTER_AREA)
    rgb = np.clip(rgb / np.maximum(alpha, 1e-3)[..., None], 0, 1)
    foot = ((canvas.foot[0] - x0) / finer, (canvas.foot[1] - y0) / finer)
    bx, by, bw, bh = cv2.boundingRect((alpha > 0.3).astype(np.uint8))
    return Sprite(rgb, alpha, foot, (bx, by, bx + bw, by + bh))
