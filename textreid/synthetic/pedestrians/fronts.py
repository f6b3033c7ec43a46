"""What is on the front of a top: zip, buttons, lapels, neckline, an open jacket, the straps of a bag."""

from __future__ import annotations

import numpy as np

from textreid.synthetic.drawing.canvas import Paint
from textreid.synthetic.drawing.shapes import Surface
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.wardrobe import Wardrobe

BUTTONED = ("shirt", "polo shirt", "suit jacket", "coat", "blouse")
ZIPPED = ("hoodie", "jacket", "down jacket")


def front_of(person: Pedestrian, wardrobe: Wardrobe, cloth: Paint) -> Paint:
    """Zip, buttons, lapels, neckline, the shirt in an open jacket, and the straps of a bag."""
    strap = wardrobe.bag * 0.8
    open_jacket = person.inner_colour is not None
    inner, skin = wardrobe.inner, wardrobe.skin

    def paint(surface: Surface) -> np.ndarray:
        colour = np.array(cloth(surface), np.float32)
        x, y = np.sin(surface.around), surface.along
        front = np.cos(surface.around) > 0
        if open_jacket:
            gap = front & (np.abs(x) < wardrobe.wrap * np.clip(0.55 + y * 1.1, 0, 1.0))
            edge = front & ~gap & (np.abs(x) < wardrobe.wrap * np.clip(0.55 + y * 1.1, 0, 1.0) + 0.06)
            colour[gap] = inner * (1 - 0.1 * np.abs(x[gap, None]))
            colour[edge] *= 0.72
        elif person.upper in ZIPPED:
            colour[front & (np.abs(x) < 0.035)] *= 0.55
        elif person.upper in BUTTONED:
            placket = front & (np.abs(x) < 0.07)
            colour[placket] *= 0.93
            if person.upper != "polo shirt":
                colour[placket & (np.abs(x) < 0.03) & (np.mod(y, 0.09) < 0.016)] *= 0.6
        if person.upper in ("suit jacket", "coat") and open_jacket:
            colour[front & (np.abs(np.abs(x) - wardrobe.wrap - 0.1 + 0.5 * y) < 0.05) & (y < 0.3)] *= 0.8
        if person.upper in ("t-shirt", "tank top", "blouse", "dress", "sweater") and not open_jacket:
            deep = 0.035 if person.upper in ("t-shirt", "sweater") else 0.075
            colour[front & (y < deep) & (np.abs(x) < 0.5 * (1 - y / deep) + 0.12)] = skin * 0.92
        if person.upper == "down jacket":
            colour *= (0.8 + 0.2 * np.abs(np.sin(y * np.pi / 0.085)) ** 0.5)[:, None]
        if person.bag == "backpack":
            colour[front & (np.abs(np.abs(x) - 0.5 - 0.25 * np.maximum(y - 0.18, 0)) < 0.085) & (y < 0.3)] = (
                strap
            )
        elif person.bag == "messenger bag":
            colour[np.abs(x - 0.5 + y * 2.6) < 0.1] = strap
        if person.upper in ("sweater", "hoodie", "jacket", "down jacket"):
            colour[surface.t > 0.94] *= 0.8
        return colour

    return paint
