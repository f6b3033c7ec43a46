"""Clothes for the upper body: the top, its sleeves, collar and scarf."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from textreid.synthetic.drawing.canvas import Canvas, Paint, move
from textreid.synthetic.drawing.palette import rgb
from textreid.synthetic.drawing.shapes import Surface
from textreid.synthetic.pedestrians.body import Joints, plain
from textreid.synthetic.pedestrians.fronts import front_of
from textreid.synthetic.pedestrians.lowers import draw_skirt
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.wardrobe import Wardrobe

LENGTH = {  # metres-per-height below the pelvis where the hem hangs
    "t-shirt": 0.035,
    "polo shirt": 0.035,
    "shirt": 0.045,
    "blouse": 0.03,
    "sweater": 0.03,
    "hoodie": 0.04,
    "jacket": 0.045,
    "coat": 0.2,
    "suit jacket": 0.065,
    "down jacket": 0.05,
    "tank top": 0.02,
    "dress": 0.0,
}


def draw_upper(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    """The top, its sleeves and its collar."""
    ease, h = wardrobe.ease, wardrobe.figure.height
    cloth = wardrobe.upper
    hem = (LENGTH[person.upper] + wardrobe.hem) * h
    torso = torso_profile(wardrobe, hem) + ease * np.linspace(0.15, 1, 16)[:, None]
    bottom = move(at["pelvis"], 0, -hem, 0)
    canvas.limb(at["neck"], bottom, torso, front_of(person, wardrobe, cloth), caps=(0.35, 0.12))
    if person.upper == "dress":
        draw_skirt(canvas, wardrobe, at, cloth, 0.06 * h, 0.23 * h, flare=0.05)
    elif person.upper == "coat":
        draw_skirt(
            canvas, wardrobe, at, front_of(person, wardrobe, cloth), 0.0, hem, flare=0.02, ease=ease, room=0.7
        )
    if person.sleeves != "none":
        _sleeves(canvas, person, wardrobe, at)
    if person.upper == "hoodie" and person.hat != "hood":
        canvas.ellipsoid(move(at["neck"], 0, 0.0, -0.045 * h), np.array([0.06, 0.03, 0.035]) * h, cloth)
    if person.upper in ("shirt", "polo shirt", "jacket", "coat", "suit jacket", "down jacket", "hoodie"):
        collar = np.array([[0.034, 0.037], [0.045, 0.045]]) * h + ease * 0.25
        canvas.limb(
            move(at["neck"], 0, 0.022 * h, 0.004 * h),
            move(at["neck"], 0, -0.012 * h, 0),
            collar,
            _collar(cloth.colour * 0.92),
            caps=(0, 0.5),
        )
    if person.scarf is not None:
        _scarf(canvas, rgb(person.scarf), wardrobe, at)


def torso_profile(wardrobe: Wardrobe, hem: float) -> np.ndarray:
    """[16, 2] half width and half depth from the neck's base to `hem` metres below the pelvis."""
    f = wardrobe.figure
    h = f.height
    rows = np.array(
        [  # metres below the neck's base, half width, half depth
            [0.0, 0.036 * h, 0.038 * h],
            [0.01 * h, 0.052 * h, 0.045 * h],
            [0.026 * h, 0.72 * f.shoulder, 0.7 * f.chest_depth],
            [0.042 * h, 0.87 * f.shoulder, 0.84 * f.chest_depth],
            [0.075 * h, 0.9 * f.shoulder, 0.96 * f.chest_depth],
            [0.13 * h, 0.88 * f.shoulder, 1.04 * f.chest_depth],
            [0.19 * h, 0.9 * f.waist + 0.13 * f.shoulder, 0.98 * f.belly],
            [0.235 * h, f.waist, f.belly],
            [0.3 * h, 0.97 * f.hip, 1.02 * f.belly],
            [0.335 * h, f.hip, 0.067 * h],
            [0.6 * h, f.hip, 0.066 * h],
        ]
    )
    at = np.linspace(0, 0.335 * h + hem, 16)
    return np.stack([np.interp(at, rows[:, 0], rows[:, side]) for side in (1, 2)], 1)


def _sleeves(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    h, ease = wardrobe.figure.limb, wardrobe.ease
    cloth = _sleeve_cloth(person, wardrobe)
    upper = np.array([[0.029, 0.034], [0.03, 0.032], [0.026, 0.027]]) * h + ease * 0.55
    fore = np.array([[0.026, 0.027], [0.024, 0.025], [0.019, 0.019]]) * h + ease * 0.5
    for side in "lr":
        shoulder, elbow, wrist = at[f"shoulder_{side}"], at[f"elbow_{side}"], at[f"wrist_{side}"]
        if person.sleeves == "short":
            canvas.limb(
                shoulder,
                shoulder + (elbow - shoulder) * 0.72,
                upper + np.array([[0.0], [0.003], [0.008]]),
                cloth,
                caps=(1, 0.1),
            )
        else:
            canvas.limb(shoulder, elbow, upper, cloth)
            canvas.limb(elbow, wrist, fore, cloth, caps=(1, 0.15))


def _sleeve_cloth(person: Pedestrian, wardrobe: Wardrobe) -> Paint:
    pattern = "plain" if person.upper_pattern in ("print", "two-tone") else person.upper_pattern
    return replace(wardrobe.upper, pattern=pattern, radius=0.06)


def _collar(colour: np.ndarray) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        out = np.broadcast_to(colour, (len(surface.t), 3)).astype(np.float32)
        out[np.abs(surface.around) < 0.3] = np.nan
        return out

    return paint


def _scarf(canvas: Canvas, colour: np.ndarray, wardrobe: Wardrobe, at: Joints) -> None:
    h, front = wardrobe.figure.height, wardrobe.figure.chest_depth
    ring = np.array([[0.045, 0.045], [0.06, 0.058], [0.055, 0.055]]) * h
    canvas.limb(
        move(at["neck"], 0, 0.03 * h, 0.005 * h),
        move(at["neck"], 0, -0.03 * h, 0.01 * h),
        ring,
        plain(colour, 0.12),
    )
    end = np.array([[0.024, 0.014], [0.026, 0.012]]) * h
    canvas.limb(
        move(at["neck"], 0.02, -0.02 * h, front * 0.9),
        move(at["neck"], 0.03, -0.17 * h, front * 1.25),
        end,
        plain(colour, 0.12),
        caps=(1, 0.1),
        lift=0.03,
    )
