"""Cloth: a colour, a pattern and folds, painted on the surface of a limb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textreid.synthetic.drawing import noise
from textreid.synthetic.drawing.shapes import Surface


@dataclass(frozen=True)
class Cloth:
    """What a garment is made of.

    Attributes:
        colour: [3] float32 sRGB in 0..1.
        second: [3] float32, colour of the pattern.
        pattern: a name of `pedestrian.PATTERNS`.
        folds: how deep the folds are (0 smooth, 1 crumpled).
        seed: moves pattern and folds.
        radius: metres from axis to cloth, so that patterns keep their size around a limb.
        fine: size of the pattern (1 usual).
        fade: how much lighter the front of the cloth is (worn denim).
    """

    colour: np.ndarray
    second: np.ndarray
    pattern: str = "plain"
    folds: float = 0.6
    seed: int = 0
    radius: float = 0.15
    fine: float = 1.0
    fade: float = 0.0

    def __call__(self, surface: Surface) -> np.ndarray:
        """[N, 3] float32 albedo."""
        x = surface.around * (self.radius * 100)  # centimetres
        y = surface.along * 100
        colour = self._pattern(x, y, surface)
        ox, oy = self.seed % 251, self.seed // 251 % 239
        crease = noise.at(40, x * 6 + y * 3.2 + ox, y * 3.4 - x * 2.2 + oy) * 0.075
        crease = crease + noise.at(14, x * 6 - y * 2.4 + oy, y * 2.6 + x * 1.2 + ox, 1) * 0.035
        grain = noise.at(1, x * 9 + ox, y * 9 + oy) * 0.018
        shade = 1 + crease * self.folds + grain
        if self.fade:
            shade = shade + self.fade * np.maximum(np.cos(surface.around), 0) * (
                noise.at(14, x * 0.8 + ox, y * 0.8, 2) * 0.12 + 0.3
            )
        return np.clip(colour * shade[:, None], 0, 1)

    def _pattern(self, x: np.ndarray, y: np.ndarray, surface: Surface) -> np.ndarray:
        size = 1 / self.fine
        ox, oy = self.seed % 97, self.seed // 97 % 89
        if self.pattern == "striped":
            on = np.mod(y, 7.0 * size) < 3.2 * size
        elif self.pattern == "checked":
            bands = (np.mod(x + 3, 9 * size) < 4 * size).astype(np.float32) + (np.mod(y, 9 * size) < 4 * size)
            return _mix(self.colour, self.second, bands / 2)
        elif self.pattern == "print":
            badge = (surface.around / 0.6) ** 2 + ((y - 21) / 8.5) ** 2 < 1
            on = badge & (noise.at(14, x * 5 + ox, y * 6 + oy) > -0.35)
        elif self.pattern == "floral":
            on = noise.at(5, x * 1.25 * self.fine + ox, y * 1.25 * self.fine + oy, 3) > 0.55
        elif self.pattern == "camouflage":
            a = noise.at(14, x * 1.3 + ox, y * 1.6 + oy, 4)
            b = noise.at(14, x * 1.3 + oy, y * 1.6 + ox, 5)
            dark = (a > 0.35).astype(np.float32)
            base = _mix(self.colour, self.second, dark)
            return np.where((b > 0.75)[:, None], base * 0.45, base)
        elif self.pattern == "two-tone":
            on = y > 26
        elif self.pattern == "dotted":
            on = np.hypot(np.mod(x, 6 * size) - 3 * size, np.mod(y, 6 * size) - 3 * size) < 1.6 * size
        else:
            return np.broadcast_to(self.colour, (len(x), 3)).astype(np.float32)
        return _mix(self.colour, self.second, on.astype(np.float32))


def _mix(one: np.ndarray, other: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return one + (other - one) * weight[:, None]
