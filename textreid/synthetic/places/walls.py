"""What stands behind people: walls, glass, shops, hedges, streets, corridors, railings, plazas."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from textreid.synthetic.drawing import noise


def draw_wall(width: int, height: int, metre: float, kind: str, rng: np.random.Generator) -> np.ndarray:
    """[height, width, 3] float32 sRGB in 0..1; its last row is where the wall meets the floor.

    Args:
        width: pixels.
        height: pixels.
        metre: pixels of a metre on the wall.
        kind: one of WALLS.
        rng: decides the details.
    """
    tone = (rng.uniform(0.34, 0.74) * (1 + rng.normal(0, 0.035, 3))).astype(np.float32)
    image = np.empty((height, width, 3), np.float32)
    image[:] = tone
    image *= _mottle(width, height, metre, rng)
    _WALLS[kind](image, metre, rng)
    return image


def _mottle(
    width: int, height: int, metre: float, rng: np.random.Generator, deep: float = 0.03
) -> np.ndarray:
    ox, oy = rng.integers(0, 4096, 2)
    x = np.arange(width, dtype=np.float32)[None] / metre + ox
    y = np.arange(height, dtype=np.float32)[:, None] / metre + oy
    x, y = np.broadcast_arrays(x, y)
    shade = 1 + deep * noise.at(40, x * 22, y * 22, 6) + deep / 2 * noise.at(3, x * 50, y * 50, 7)
    return shade[..., None].astype(np.float32)


def _box(image: np.ndarray, x: float, y: float, wide: float, tall: float, colour: np.ndarray | float) -> None:
    """Fill a rectangle whose lower edge is `y` pixels above the floor."""
    high = image.shape[0]
    x1, x2 = max(round(x), 0), max(round(x + wide), 0)
    y1, y2 = max(round(high - y - tall), 0), max(round(high - y), 0)
    image[y1:y2, x1:x2] = colour


def _muted(rng: np.random.Generator, low: float = 0.2, high: float = 0.8) -> np.ndarray:
    grey = rng.uniform(low, high)
    return np.clip(grey * (1 + rng.normal(0, 0.06, 3)), 0.03, 0.9).astype(np.float32)


def _concrete(image: np.ndarray, metre: float, rng: np.random.Generator) -> None:
    panel = rng.uniform(1.2, 2.6) * metre
    for x in np.arange(-rng.uniform(0, panel), image.shape[1], panel):
        _box(image, x, 0, max(0.02 * metre, 1), image.shape[0], image.mean((0, 1)) * 0.75)
    _box(image, 0, 0, image.shape[1], 0.15 * metre, image.mean((0, 1)) * 0.7)
    if rng.random() < 0.6:
        x = rng.uniform(0, image.shape[1])
        _box(image, x, 0, 1.0 * metre, 2.1 * metre, _muted(rng, 0.2, 0.5))
        _box(image, x + 0.06 * metre, 0, 0.88 * metre, 2.03 * metre, _muted(rng, 0.25, 0.6))


def _glass(image: np.ndarray, metre: float, rng: np.random.Generator) -> None:
    high, wide = image.shape[:2]
    sky = np.array([0.5, 0.56, 0.6], np.float32) * np.float32(rng.uniform(0.45, 1.1))
    fade = np.linspace(1.15, 0.75, high, dtype=np.float32)[:, None, None]
    image[:] = sky * fade * _mottle(wide, high, metre * 4, rng, 0.1)
    for _ in range(4):  # what is seen or mirrored in it
        _box(
            image,
            rng.uniform(-0.2, 1) * wide,
            0,
            rng.uniform(0.5, 2.5) * metre,
            rng.uniform(0.8, 2.6) * metre,
            sky * np.float32(rng.uniform(0.4, 0.85)),
        )
    bar = float(rng.uniform(0.12, 0.5))
    pane = rng.uniform(1.1, 2.0) * metre
    for x in np.arange(-rng.uniform(0, pane), wide, pane):
        _box(image, x, 0, 0.07 * metre, high, bar)
    for y in (0.0, 0.95, 2.4):
        _box(image, 0, y * metre, wide, 0.07 * metre, bar)


def _shop(image: np.ndarray, metre: float, rng: np.random.Generator) -> None:
    wide = image.shape[1]
    image *= 0.85
    for shelf in np.arange(0.1, 2.2, 0.42):
        x = -rng.uniform(0, 0.3) * metre
        while x < wide:
            w = rng.uniform(0.12, 0.45) * metre
            _box(image, x, shelf * metre, w * 0.92, rng.uniform(0.2, 0.36) * metre, _muted(rng, 0.15, 0.85))
            x += w
        _box(image, 0, (shelf - 0.06) * metre, wide, 0.05 * metre, 0.3)
    _box(image, 0, 2.35 * metre, wide, 0.55 * metre, _muted(rng, 0.3, 0.9))
    _box(image, 0, 2.95 * metre, wide, 0.2 * metre, 0.95)
    x = rng.uniform(-0.2, 0.8) * wide
    _box(image, x, 0, 1.3 * metre, 2.3 * metre, _muted(rng, 0.08, 0.3))


def _hedge(image: np.ndarray, metre: float, rng: np.random.Generator) -> None:
    high, wide = image.shape[:2]
    leaf = (_mottle(wide, high, metre * 0.9, rng, 0.2) - 1) + (_mottle(wide, high, metre * 0.3, rng, 0.1) - 1)
    image[:] = (
        np.array([0.27, 0.32, 0.2], np.float32)
        * np.float32(rng.uniform(0.55, 1.25))
        * np.clip(1 + leaf, 0.3, 1.8)
    )
    for _ in range(int(rng.integers(0, 3))):
        x, w = rng.uniform(0, wide), rng.uniform(0.15, 0.35) * metre
        _box(image, x, 0, w, high, np.array([0.3, 0.25, 0.2], np.float32) * np.float32(rng.uniform(0.6, 1.3)))


def _street(image: np.ndarray, metre: float, rng: np.random.Generator) -> None:
    wide = image.shape[1]
    gap = rng.uniform(1.6, 2.6) * metre
    for x in np.arange(-rng.uniform(0, gap), wide, gap):  # a house front
        for floor in (1.1, 3.6):
            _box(image, x, floor * metre, 1.15 * metre, 1.4 * metre, image.mean((0, 1)) * 1.2)
            _box(
                image,
                x + 0.08 * metre,
                (floor + 0.08) * metre,
                metre,
                1.24 * metre,
                float(rng.uniform(0.12, 0.35)),
            )
    x = -rng.uniform(0, 4) * metre
    while x < wide:
        if rng.random() < 0.75:
            _car(image, x, metre, rng)
        x += rng.uniform(4.6, 6.5) * metre


def _car(image: np.ndarray, x: float, metre: float, rng: np.random.Generator) -> None:
    high = image.shape[0]
    paint = [
        float(c)
        for c in (_muted(rng, 0.1, 0.85) if rng.random() < 0.8 else np.array([0.5, 0.1, 0.1], np.float32))
    ]

    def points(outline: list[tuple[float, float]]) -> np.ndarray:
        return np.array([[x + px * metre, high - py * metre] for px, py in outline], np.int32)

    body = [
        (0, 0.35),
        (0.05, 0.8),
        (0.9, 0.95),
        (1.5, 1.42),
        (2.9, 1.42),
        (3.6, 0.97),
        (4.2, 0.85),
        (4.25, 0.35),
    ]
    panes = [(1.1, 0.96), (1.58, 1.34), (2.82, 1.34), (3.35, 0.97)]
    cv2.fillPoly(image, [points([(0.1, 0.0), (0.0, 0.5), (4.2, 0.5), (4.1, 0.0)])], (0.06, 0.06, 0.07))
    cv2.fillPoly(image, [points(body)], paint, cv2.LINE_AA)
    sill = [(0.02, 0.35), (0.04, 0.58), (4.22, 0.58), (4.25, 0.35)]
    cv2.fillPoly(image, [points(sill)], [0.62 * c for c in paint], cv2.LINE_AA)
    cv2.fillPoly(image, [points(panes)], (0.14, 0.16, 0.18), cv2.LINE_AA)
    cv2.fillPoly(
        image,
        [points([(1.2, 1.02), (1.62, 1.34), (2.1, 1.34), (1.8, 1.02)])],
        (0.34, 0.37, 0.4),
        cv2.LINE_AA,
    )
    cv2.fillPoly(
        image, [points([(2.2, 0.6), (2.2, 1.42), (2.27, 1.42), (2.27, 0.6)])], [0.7 * c for c in paint]
    )
    for wheel in (0.85, 3.4):
        centre = points([(wheel, 0.32)])[0]
        cv2.circle(
            image,
            (int(centre[0]), int(centre[1])),
            max(int(0.32 * metre), 1),
            (0.07, 0.07, 0.08),
            -1,
            cv2.LINE_AA,
        )
        cv2.circle(
            image,
            (int(centre[0]), int(centre[1])),
            max(int(0.17 * metre), 1),
            (0.45, 0.45, 0.47),
            -1,
            cv2.LINE_AA,
        )


def _corridor(image: np.ndarray, metre: float, rng: np.random.Generator) -> None:
    wide = image.shape[1]
    base = image.mean((0, 1))
    gap = rng.uniform(1.8, 3.2) * metre
    for x in np.arange(-rng.uniform(0, gap), wide, gap):
        _box(image, x, 0, 1.02 * metre, 2.15 * metre, base * 0.6)
        _box(image, x + 0.06 * metre, 0, 0.9 * metre, 2.08 * metre, _muted(rng, 0.3, 0.7))
        _box(image, x + 0.8 * metre, 1.0 * metre, 0.08 * metre, 0.05 * metre, 0.2)
        if rng.random() < 0.6:
            _box(image, x + 1.3 * metre, 1.2 * metre, 0.45 * metre, 0.6 * metre, _muted(rng, 0.4, 0.95))
    _box(image, 0, 0, wide, 0.1 * metre, base * 0.55)
    _box(image, 0, 2.7 * metre, wide, 0.08 * metre, base * 1.15)


def _railing(image: np.ndarray, metre: float, rng: np.random.Generator) -> None:
    _hedge(image, metre, rng) if rng.random() < 0.5 else _concrete(image, metre, rng)
    wide = image.shape[1]
    bar = float(rng.choice([0.18, 0.3, 0.75]))
    for x in np.arange(0, wide, rng.uniform(0.11, 0.2) * metre):
        _box(image, x, 0.08 * metre, max(0.03 * metre, 1), 1.0 * metre, bar)
    for y in (0.08, 1.05):
        _box(image, 0, y * metre, wide, max(0.06 * metre, 1), bar)


def _plaza(image: np.ndarray, metre: float, rng: np.random.Generator) -> None:
    high, wide = image.shape[:2]
    image *= np.linspace(1.2, 0.85, high, dtype=np.float32)[:, None, None]
    for _ in range(max(int(wide / metre / 2.5), 1)):
        x, w = rng.uniform(-0.1, 1) * wide, rng.uniform(0.25, 0.6) * metre
        stone = _muted(rng, 0.3, 0.7)
        _box(image, x, 0, w, high, stone)
        _box(image, x, 0, w * 0.3, high, stone * 0.8)
    if rng.random() < 0.7:
        x = rng.uniform(0, 0.8) * wide
        _box(image, x, 0.35 * metre, 1.6 * metre, 0.1 * metre, np.array([0.36, 0.26, 0.18], np.float32))
        _box(image, x + 0.1 * metre, 0, 0.1 * metre, 0.4 * metre, 0.2)
        _box(image, x + 1.4 * metre, 0, 0.1 * metre, 0.4 * metre, 0.2)


_WALLS: dict[str, Callable[[np.ndarray, float, np.random.Generator], None]] = {
    "concrete": _concrete,
    "glass": _glass,
    "shop": _shop,
    "hedge": _hedge,
    "street": _street,
    "corridor": _corridor,
    "railing": _railing,
    "plaza": _plaza,
}
WALLS = tuple(_WALLS)
