"""Floors in perspective: asphalt, slabs, bricks, tiles, grass, carpet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textreid.synthetic.drawing import noise

FLOORS = ("asphalt", "slabs", "bricks", "tiles", "grass", "carpet")


@dataclass(frozen=True)
class Ground:
    """How a camera sees the level ground.

    Attributes:
        horizon: row where it would vanish, above the image for most cameras.
        high: metres of the camera above it.
        focal: pixels.
    """

    horizon: float
    high: float
    focal: float

    def metre(self, row: float) -> float:
        """Pixels of an upright metre that stands at a row."""
        return (row - self.horizon) / self.high

    def row(self, distance: float) -> float:
        """Row of the ground so many metres away."""
        return self.horizon + self.focal * self.high / distance

    def plane(self, width: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Metres to the right and metres away of every pixel, both [len(rows), width] float32."""
        metre = ((rows - self.horizon) / self.high).astype(np.float32)[:, None]
        right = (np.arange(width, dtype=np.float32)[None] - width / 2) / metre
        return right, np.broadcast_to(np.float32(self.focal) / metre, right.shape)


def draw_floor(
    width: int, rows: np.ndarray, ground: Ground, kind: str, rng: np.random.Generator
) -> np.ndarray:
    """[len(rows), width, 3] float32 sRGB in 0..1 of a floor.

    Args:
        width: pixels.
        rows: [K] rows of the image that show floor.
        ground: how the camera sees it.
        kind: one of FLOORS.
        rng: decides tone, direction and wear.
    """
    right, away = ground.plane(width, rows)
    turn = float(rng.uniform(-0.6, 0.6))
    x = right * np.cos(turn) - away * np.sin(turn) + 500
    y = right * np.sin(turn) + away * np.cos(turn) + 500
    tone = (rng.uniform(0.36, 0.66) * (1 + rng.normal(0, 0.03, 3))).astype(np.float32)
    stain = noise.at(40, x * 14, y * 14, 6)
    grain = noise.at(3, x * 140, y * 140, 7)
    shade = 1 + 0.04 * stain + 0.03 * grain
    if kind == "slabs":
        size = float(rng.uniform(0.45, 0.9))
        each = noise.at(1, np.floor(x / size) * 7, np.floor(y / size) * 11, 8)
        shade = (shade + 0.035 * each) * _joints(x / size, y / size, 0.035 / size, 0.76)
    elif kind == "bricks":
        tone = np.array([0.52, 0.38, 0.33], np.float32) * np.float32(rng.uniform(0.75, 1.2))
        row = np.floor(y / 0.14)
        each = noise.at(1, np.floor(x / 0.28 + row / 2) * 7, row * 11, 8)
        shade = (shade + 0.08 * each) * _joints(x / 0.28 + row / 2, y / 0.14, 0.06, 0.84)
    elif kind == "tiles":
        tone = np.array([0.72, 0.69, 0.64], np.float32) * np.float32(rng.uniform(0.8, 1.12))
        size = float(rng.uniform(0.6, 1.2))
        shade = (1 + 0.015 * stain + 0.01 * grain) * _joints(x / size, y / size, 0.02 / size, 0.84)
        for centre in rng.uniform(-3, 3, 3):  # lamps mirrored in the polish
            shade = shade + 0.1 * np.exp(-(((right - centre) / 0.5) ** 2)).astype(np.float32)
    elif kind == "grass":
        tone = np.array([0.36, 0.4, 0.25], np.float32) * np.float32(rng.uniform(0.65, 1.15))
        shade = shade + 0.06 * noise.at(5, x * 40, y * 40, 9) + 0.05 * stain + 0.05 * grain
    elif kind == "carpet":
        tone = (rng.uniform(0.28, 0.5) * (1 + rng.normal(0, 0.12, 3))).astype(np.float32)
        shade = shade + 0.05 * (np.sin(x * 9) * np.sin(y * 9))
    else:
        shade = shade + 0.01 * grain
        if rng.random() < 0.4:  # a painted line
            shade = np.where(np.abs(x - 500 - rng.uniform(-2, 2)) < 0.07, shade + 0.4, shade)
        if rng.random() < 0.4:  # a kerb
            shade = np.where(y - 500 > rng.uniform(9, 14), shade * 1.25, shade)
    fall = np.linspace(0.9, 1.04, len(rows), dtype=np.float32)[:, None]
    return tone * (shade * fall)[..., None].astype(np.float32)


def _joints(x: np.ndarray, y: np.ndarray, wide: float, dark: float) -> np.ndarray:
    """1 on the stones and `dark` between them."""
    gap = (np.mod(x, 1) < wide) | (np.mod(y, 1) < wide)
    return np.where(gap, np.float32(dark), np.float32(1))
