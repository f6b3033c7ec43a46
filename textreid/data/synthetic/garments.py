"""Clothes over the body: tops, sleeves, trousers, skirts and their details."""

from __future__ import annotations

import numpy as np

from textreid.data.synthetic.body import Joints, plain
from textreid.data.synthetic.canvas import Canvas, Paint, Surface
from textreid.data.synthetic.pedestrian import Pedestrian
from textreid.data.synthetic.wardrobe import Wardrobe

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
BUTTONED = ("shirt", "polo shirt", "suit jacket", "coat", "blouse")
ZIPPED = ("hoodie", "jacket", "down jacket")


def draw_lower(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    """Trousers, shorts or skirt."""
    figure, ease, cloth = wardrobe.figure, wardrobe.leg_width, wardrobe.lower
    h = figure.limb
    if person.lower in ("none", "leggings"):
        if person.lower == "leggings":
            _seat(canvas, wardrobe, at, cloth, 0.004)
        return
    if person.lower in ("skirt", "long skirt"):
        length = 0.24 if person.lower == "skirt" else 0.4
        _skirt(canvas, wardrobe, at, cloth, 0.1 * figure.height, length * figure.height, flare=0.035)
        return
    _seat(canvas, wardrobe, at, cloth, 0.008)
    thigh = np.array([[0.05, 0.055], [0.053, 0.057], [0.049, 0.052], [0.043, 0.046], [0.038, 0.041]]) * h
    shin = np.array([[0.037, 0.04], [0.036, 0.041], [0.034, 0.039], [0.031, 0.035], [0.03, 0.034]]) * h
    grow = np.linspace(0.3, 1, 5)[:, None] * ease
    for side in "lr":
        hip, knee, ankle = at[f"hip_{side}"], at[f"knee_{side}"], at[f"ankle_{side}"]
        if person.lower == "shorts":
            canvas.limb(hip, hip + (knee - hip) * 0.93, thigh + grow * 1.1, cloth, caps=(1, 0.1))
            continue
        canvas.limb(hip, knee, thigh + grow, cloth, lift=-0.07 if person.upper == "coat" else 0.0)
        reach = 0.5 if person.lower == "cropped trousers" else 1.0
        stop = knee + (ankle - knee) * reach - [0, 0.012 * reach, 0]
        canvas.limb(knee, stop, shin + ease, cloth, caps=(1, 0.1))


def draw_upper(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    """The top, its sleeves and its collar."""
    figure, ease, h = wardrobe.figure, wardrobe.ease, wardrobe.figure.height
    cloth = wardrobe.upper
    hem = (LENGTH[person.upper] + wardrobe.hem) * h
    torso = torso_profile(wardrobe, hem) + ease * np.linspace(0.15, 1, 16)[:, None]
    bottom = at["pelvis"] - [0, hem, 0]
    canvas.limb(at["neck"], bottom, torso, _front(person, wardrobe, cloth), caps=(0.35, 0.12))
    if person.upper == "dress":
        _skirt(canvas, wardrobe, at, cloth, 0.06 * h, 0.23 * h, flare=0.05)
    elif person.upper == "coat":
        _skirt(
            canvas, wardrobe, at, _front(person, wardrobe, cloth), 0.0, hem, flare=0.02, ease=ease, room=0.7
        )
    if person.sleeves != "none":
        _sleeves(canvas, person, wardrobe, at)
    if person.upper == "hoodie" and person.hat != "hood":
        canvas.ellipsoid(at["neck"] + [0, 0.0, -0.045 * h], np.array([0.06, 0.03, 0.035]) * h, cloth)
    if person.upper in ("shirt", "polo shirt", "jacket", "coat", "suit jacket", "down jacket", "hoodie"):
        collar = np.array([[0.034, 0.037], [0.045, 0.045]]) * h + ease * 0.25
        canvas.limb(
            at["neck"] + [0, 0.022 * h, 0.004 * h],
            at["neck"] - [0, 0.012 * h, 0],
            collar,
            _collar(cloth.colour * 0.92),
            caps=(0, 0.5),
        )
    if person.scarf is not None:
        from textreid.data.synthetic.palette import rgb

        colour = rgb(person.scarf)
        ring = np.array([[0.045, 0.045], [0.06, 0.058], [0.055, 0.055]]) * h
        canvas.limb(
            at["neck"] + [0, 0.03 * h, 0.005 * h],
            at["neck"] - [0, 0.03 * h, -0.01 * h],
            ring,
            plain(colour, 0.12),
        )
        end = np.array([[0.024, 0.014], [0.026, 0.012]]) * h
        canvas.limb(
            at["neck"] + [0.02, -0.02 * h, figure.chest_depth * 0.9],
            at["neck"] + [0.03, -0.17 * h, figure.chest_depth * 1.25],
            end,
            plain(colour, 0.12),
            caps=(1, 0.1),
            lift=0.03,
        )


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


def _seat(canvas: Canvas, wardrobe: Wardrobe, at: Joints, cloth: Paint, ease: float) -> None:
    f = wardrobe.figure
    h = f.height
    seat = (
        np.array(
            [[f.waist, f.belly], [f.hip * 0.96, 0.064 * h], [f.hip, 0.067 * h], [f.hip * 0.9, 0.058 * h]]
        )
        + ease
    )
    waist, crotch = at["pelvis"] + [0, 0.06 * h, 0], at["pelvis"] - [0, 0.03 * h, 0]
    canvas.limb(waist, crotch, seat, cloth, caps=(0, 0.6), lift=-0.05)  # tops hang over the waistband


def _skirt(
    canvas: Canvas,
    wardrobe: Wardrobe,
    at: Joints,
    cloth: Paint,
    rise: float,
    drop: float,
    *,
    flare: float,
    ease: float = 0.006,
    room: float = 1.2,
) -> None:
    f = wardrobe.figure
    h = f.height
    knee = max(abs(float(at[f"knee_{side}"][2])) for side in "lr")
    ankle = max(abs(float(at[f"ankle_{side}"][2])) for side in "lr")
    below = np.linspace(-rise, drop, 8)
    legs = np.interp(below, [0, 0.24 * h, 0.48 * h], [0, room * knee, 0.8 * room * ankle]) + 0.05 * h
    wide = np.interp(below, [-0.1 * h, 0, 0.5], [f.waist, f.hip, f.hip + 1.6 * flare])
    deep = np.maximum(
        np.interp(below, [-0.1 * h, 0, 0.5], [f.belly, 0.067 * h, 0.067 * h + 1.6 * flare]), legs
    )
    canvas.limb(
        at["pelvis"] + [0, rise, 0],
        at["pelvis"] - [0, drop, -0.01],
        np.stack([wide, deep], 1) + ease,
        cloth,
        caps=(0, 0.08),
    )


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
                upper + [[0, 0], [0.003, 0.003], [0.008, 0.008]],
                cloth,
                caps=(1, 0.1),
            )
        else:
            canvas.limb(shoulder, elbow, upper, cloth)
            canvas.limb(elbow, wrist, fore, cloth, caps=(1, 0.15))


def _sleeve_cloth(person: Pedestrian, wardrobe: Wardrobe) -> Paint:
    from dataclasses import replace

    pattern = "plain" if person.upper_pattern in ("print", "two-tone") else person.upper_pattern
    return replace(wardrobe.upper, pattern=pattern, radius=0.06)


def _collar(colour: np.ndarray) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        out = np.broadcast_to(colour, (len(surface.t), 3)).astype(np.float32)
        out[np.abs(surface.around) < 0.3] = np.nan
        return out

    return paint


def _front(person: Pedestrian, wardrobe: Wardrobe, cloth: Paint) -> Paint:
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
