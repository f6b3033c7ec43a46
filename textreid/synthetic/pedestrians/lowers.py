"""Clothes for the legs: trousers, shorts, skirts."""

from __future__ import annotations

import numpy as np

from textreid.synthetic.drawing.canvas import Canvas, Paint, move
from textreid.synthetic.pedestrians.body import Joints
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.wardrobe import Wardrobe


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
        draw_skirt(canvas, wardrobe, at, cloth, 0.1 * figure.height, length * figure.height, flare=0.035)
        return
    _seat(canvas, wardrobe, at, cloth, 0.008)
    thigh = np.array([[0.05, 0.055], [0.053, 0.057], [0.049, 0.052], [0.043, 0.046], [0.038, 0.041]]) * h
    shin = np.array([[0.037, 0.04], [0.036, 0.041], [0.034, 0.039], [0.031, 0.035], [0.03, 0.034]]) * h
    grow = np.linspace(0.3, 1, 5)[:, None] * ease
    under = -0.07 if person.upper == "coat" else -0.04  # tops hang over the thighs
    for side in "lr":
        hip, knee, ankle = at[f"hip_{side}"], at[f"knee_{side}"], at[f"ankle_{side}"]
        if person.lower == "shorts":
            canvas.limb(hip, hip + (knee - hip) * 0.93, thigh + grow * 1.1, cloth, caps=(1, 0.1), lift=under)
            continue
        canvas.limb(hip, knee, thigh + grow, cloth, lift=under)
        reach = 0.5 if person.lower == "cropped trousers" else 1.0
        stop = move(knee + (ankle - knee) * reach, 0, -0.012 * reach, 0)
        canvas.limb(knee, stop, shin + ease, cloth, caps=(1, 0.1), lift=under)


def draw_skirt(
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
    """A tube around the hips that leaves room for the stride.

    Args:
        canvas: drawn on.
        wardrobe: of the person.
        at: joints.
        cloth: its paint.
        rise: metres above the pelvis where it begins.
        drop: metres below the pelvis where it ends.
        flare: metres that it widens in half a metre.
        ease: metres between body and cloth.
        room: fraction of the stride that it gives way to.
    """
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
        move(at["pelvis"], 0, rise, 0),
        move(at["pelvis"], 0, -drop, 0.01),
        np.stack([wide, deep], 1) + ease,
        cloth,
        caps=(0, 0.08),
        lift=-0.045,  # tops hang over the waistband
    )


def _seat(canvas: Canvas, wardrobe: Wardrobe, at: Joints, cloth: Paint, ease: float) -> None:
    f = wardrobe.figure
    h = f.height
    seat = (
        np.array(
            [[f.waist, f.belly], [f.hip * 0.96, 0.064 * h], [f.hip, 0.067 * h], [f.hip * 0.9, 0.058 * h]]
        )
        + ease
    )
    waist, crotch = move(at["pelvis"], 0, 0.06 * h, 0), move(at["pelvis"], 0, -0.03 * h, 0)
    canvas.limb(waist, crotch, seat, cloth, caps=(0, 0.6), lift=-0.05)  # tops hang over the waistband
