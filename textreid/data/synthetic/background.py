"""Places where people walk: floor, wall, glass, leaves, poles and blurred strangers."""

from __future__ import annotations

import cv2
import numpy as np

from textreid.data.synthetic import noise

FLOORS = ("asphalt", "slabs", "bricks", "tiles", "grass", "carpet")
WALLS = ("concrete", "glass", "shop", "hedge", "street", "corridor", "railing", "plaza")


def draw_background(
    width: int, height: int, horizon: float, floor: str, wall: str, rng: np.random.Generator
) -> np.ndarray:
    """A place, seen from above eye level.

    Args:
        width: pixels.
        height: pixels.
        horizon: 0..1, how far down the picture the wall meets the floor; below 0 only floor shows.
        floor: one of FLOORS.
        wall: one of WALLS.
        rng: decides the details.

    Returns:
        [height, width, 3] float32 sRGB, 0..1.
    """
    edge = int(np.clip(horizon, 0, 1) * height)
    picture = np.empty((height, width, 3), np.float32)
    if edge < height:
        picture[edge:] = _floor(width, height - edge, floor, rng)
    if edge > 0:
        picture[:edge] = cv2.GaussianBlur(_wall(width, edge, wall, rng), (0, 0), max(height / 230, 0.6))
        foot = slice(edge, min(edge + max(height // 60, 2), height))
        picture[foot] *= 0.72
    return np.clip(picture, 0, 1)


def _floor(width: int, height: int, kind: str, rng: np.random.Generator) -> np.ndarray:
    tone = rng.uniform(0.36, 0.72)
    tint = 1 + rng.normal(0, 0.03, 3)
    colour = np.float32(tone * tint)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    near = 0.35 + 0.65 * rows  # rows further away are squeezed
    cols = (np.arange(width, dtype=np.float32)[None] - width * rng.uniform(0.1, 0.9)) / width
    u = cols / near * 8 + rows * rng.normal(0, 0.6) + 50
    v = 14 / near + rng.uniform(0, 5)
    shade = 1 + 0.05 * _soft(width, height, 18, rng) + 0.035 * _grain(width, height, rng)
    if kind == "slabs":
        shade = shade * np.where((np.mod(u, 1.6) < 0.07) | (np.mod(v, 1.8) < 0.09), 0.72, 1.0)
    elif kind == "bricks":
        colour = np.float32([0.56, 0.36, 0.3]) * rng.uniform(0.8, 1.3)
        row = np.floor(v / 0.8)
        shade = shade * np.where((np.mod(v, 0.8) < 0.12) | (np.mod(u + 0.45 * row, 0.9) < 0.1), 0.75, 1.0)
    elif kind == "tiles":
        colour = np.float32([0.74, 0.71, 0.65]) * rng.uniform(0.85, 1.15)
        shade = shade * np.where((np.mod(u, 2.6) < 0.06) | (np.mod(v, 2.6) < 0.06), 0.8, 1.0)
        shade = shade * (1 + 0.12 * np.exp(-((cols / 0.2) ** 2)) * (1 - rows))
    elif kind == "grass":
        colour = np.float32([0.36, 0.4, 0.26]) * rng.uniform(0.7, 1.2)
        shade = shade + 0.13 * _soft(width, height, 5, rng) + 0.08 * _grain(width, height, rng)
    elif kind == "carpet":
        colour = np.float32(rng.uniform(0.25, 0.55, 3))
        shade = shade + 0.06 * np.sin(u * 3) * np.sin(v * 3)
    else:
        shade = shade + 0.05 * _grain(width, height, rng)
        if rng.random() < 0.35:  # a painted line
            line = np.abs(cols - 0.35 + rows * rng.uniform(-0.7, 0.7)) < 0.03 + 0.02 * rows
            shade = shade + 0.35 * line
    return colour * (shade * (0.9 + 0.16 * rows))[..., None]


def _wall(width: int, height: int, kind: str, rng: np.random.Generator) -> np.ndarray:
    tone = np.float32(rng.uniform(0.35, 0.8) * (1 + rng.normal(0, 0.04, 3)))
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    xs = np.arange(width, dtype=np.float32)[None] / max(width, 1)
    picture = np.broadcast_to(tone, (height, width, 3)).copy()
    picture *= (1 + 0.05 * _soft(width, height, 30, rng) + 0.02 * _grain(width, height, rng))[..., None]
    if kind == "glass":
        sky = np.float32([0.55, 0.62, 0.68]) * rng.uniform(0.5, 1.2)
        picture = sky * (0.75 + 0.4 * ys + 0.14 * _soft(width, height, 40, rng))[..., None]
        bars = rng.uniform(0.3, 0.7)
        picture[:, (np.mod(xs[0] + rng.random(), bars) < 0.05)] *= 0.4
        picture[int(height * 0.55) : int(height * 0.58)] *= 0.5
    elif kind == "shop":
        picture *= 0.75
        for _ in range(int(rng.integers(5, 12))):
            x, y = rng.integers(0, width), rng.integers(0, height)
            w, h = int(rng.uniform(0.08, 0.4) * width) + 2, int(rng.uniform(0.05, 0.25) * height) + 2
            picture[y : y + h, x : x + w] = np.float32(rng.uniform(0.15, 0.95, 3))
        picture += 0.12 * (np.exp(-(((ys - 0.1) / 0.08) ** 2)))[..., None]
    elif kind == "hedge":
        leaf = 0.3 * _soft(width, height, 5, rng) + 0.25 * _soft(width, height, 14, rng)
        picture = np.float32([0.27, 0.32, 0.2]) * rng.uniform(0.6, 1.3) * (1 + leaf)[..., None]
    elif kind == "street":
        for _ in range(int(rng.integers(2, 5))):  # parked cars
            x, w = rng.uniform(-0.3, 0.9) * width, rng.uniform(0.4, 0.9) * width
            y, h = rng.uniform(0.45, 0.8) * height, rng.uniform(0.2, 0.4) * height
            cv2.ellipse(
                picture,
                (int(x + w / 2), int(y + h / 2)),
                (int(w / 2), int(h / 2)),
                0,
                0,
                360,
                [float(c) for c in rng.uniform(0.1, 0.85, 3)],
                -1,
                cv2.LINE_AA,
            )
            cv2.ellipse(
                picture,
                (int(x + w / 2), int(y + h * 0.3)),
                (int(w / 3.2), int(h / 3)),
                0,
                0,
                360,
                (0.15, 0.17, 0.2),
                -1,
                cv2.LINE_AA,
            )
        picture = picture * (1 + 0.1 * _soft(width, height, 14, rng))[..., None]
    elif kind == "corridor":
        picture *= (0.7 + 0.5 * np.abs(xs - 0.5))[..., None]
        picture[:, np.abs(xs[0] - rng.uniform(0.15, 0.85)) < 0.12] *= rng.uniform(0.4, 1.5)
        picture[: height // 8] += 0.18
    elif kind == "railing":
        picture *= 0.8
        step = rng.uniform(0.07, 0.14)
        picture[int(height * 0.35) :, np.mod(xs[0], step) < step * 0.3] *= rng.choice([0.5, 1.4])
        picture[int(height * 0.35) : int(height * 0.39)] *= 0.6
    elif kind == "plaza":
        picture *= (0.8 + 0.35 * ys)[..., None]
        for _ in range(int(rng.integers(1, 4))):
            x = int(rng.uniform(0, 1) * width)
            picture[:, x : x + max(int(rng.uniform(0.03, 0.1) * width), 2)] = np.float32(
                rng.uniform(0.2, 0.7)
            )
    else:
        joint = rng.uniform(0.4, 0.9)
        picture[:, np.mod(xs[0] + rng.random(), joint) < 0.02] *= 0.8
        picture *= (1.05 - 0.2 * ys)[..., None]
    return picture


def _soft(width: int, height: int, cell: int, rng: np.random.Generator) -> np.ndarray:
    return _cut(noise.tile(cell, 6), width, height, rng)


def _grain(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    return _cut(noise.tile(1, 7), width, height, rng)


def _cut(tile: np.ndarray, width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    x, y = int(rng.integers(noise.SIZE)), int(rng.integers(noise.SIZE))
    rows = (np.arange(height) + y) & (noise.SIZE - 1)
    cols = (np.arange(width) + x) & (noise.SIZE - 1)
    return tile[np.ix_(rows, cols)]
