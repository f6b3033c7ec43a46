"""What people carry: bags, umbrellas, phones."""

from __future__ import annotations

import numpy as np

from textreid.synthetic.drawing.canvas import Canvas, Paint, move
from textreid.synthetic.drawing.palette import rgb
from textreid.synthetic.drawing.shapes import Surface
from textreid.synthetic.pedestrians.body import Joints, plain
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.pedestrians.wardrobe import Wardrobe


def draw_bag(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    """The bag and its handles; its straps over the chest belong to the garment."""
    f, colour = wardrobe.figure, wardrobe.bag
    h = f.height
    hand = move(at["wrist_l"], 0, -0.03 * h, 0)
    if person.bag == "backpack":
        back = -(f.chest_depth + wardrobe.ease + 0.055)
        wide = min(f.shoulder * 0.78, 0.17)
        box = _box(wide, 0.095, 9)
        box[:2] *= [[0.72, 0.6], [0.92, 0.85]]
        top = move(at["neck"], 0, -0.035 * h, back)
        canvas.limb(top, move(at["neck"], 0, -0.285 * h, back - 0.02), box, _pack(colour), caps=(0.4, 0.3))
    elif person.bag in ("handbag", "shopping bag", "briefcase"):
        size = {
            "handbag": (0.05, 0.15, 0.2),
            "shopping bag": (0.08, 0.16, 0.33),
            "briefcase": (0.045, 0.2, 0.27),
        }[person.bag]
        drop = {"handbag": 0.1, "shopping bag": 0.07, "briefcase": 0.05}[person.bag]
        _hang(canvas, hand, drop, size, colour, crumpled=person.bag == "shopping bag")
    elif person.bag in ("shoulder bag", "tote bag"):
        big = person.bag == "tote bag"
        side = max(f.shoulder, f.hip) + wardrobe.ease + 0.035
        top = move(at["pelvis"], side, (0.12 if big else 0.13) * h, -0.02)
        size = (0.06, 0.18, 0.32) if big else (0.055, 0.15, 0.2)
        canvas.limb(
            top, move(top, 0, -size[2], 0), _box(size[0], size[1], 6), _leather(colour), caps=(0.5, 0.4)
        )
        strap = np.full((2, 2), 0.012)
        for z in (-0.07, 0.07):
            canvas.limb(
                move(at["shoulder_l"], 0.0, 0.045, z * 0.4),
                move(top, 0, 0, z),
                strap,
                plain(colour * 0.85),
                lift=0.02,
            )
    elif person.bag == "messenger bag":
        side = -(f.hip + wardrobe.ease + 0.03)
        top = move(at["pelvis"], side, 0.05 * h, -0.04)
        canvas.limb(top, move(top, 0, -0.23, 0), _box(0.055, 0.17, 6), _leather(colour), caps=(0.4, 0.3))
    elif person.bag == "suitcase":
        grip = at["wrist_r"]
        base = np.array([grip[0] - 0.05, 0.03, grip[2] - 0.3])
        canvas.limb(move(base, 0, 0.6, 0), base, _box(0.2, 0.12, 6), _case(colour), caps=(0.35, 0.25))
        canvas.limb(
            move(grip, 0, -0.03, 0),
            move(base, 0, 0.62, 0),
            np.full((2, 2), 0.012),
            plain(np.array([0.3, 0.3, 0.32], np.float32)),
        )


def draw_umbrella(canvas: Canvas, person: Pedestrian, at: Joints) -> None:
    """An open umbrella in the right hand."""
    if person.umbrella is None:
        return
    colour = rgb(person.umbrella)
    hand = at["wrist_r"]
    top = np.array([hand[0] * 0.4, at["head"][1] + 0.42, hand[2] * 0.4])
    canvas.limb(hand, top, np.full((2, 2), 0.009), plain(np.array([0.25, 0.25, 0.26], np.float32)))

    def canopy(surface: Surface) -> np.ndarray:
        panel = np.abs(np.mod(surface.around * 8 / (2 * np.pi), 1.0) - 0.5) * 2
        out = np.clip(colour * (0.82 + 0.22 * panel)[:, None], 0, 1).astype(np.float32)
        out[surface.along < 0.12 * (1 - panel)] = np.nan
        return out

    canvas.ellipsoid(move(top, 0, -0.22, 0), np.array([0.5, 0.26, 0.5]), canopy)


def draw_in_hand(canvas: Canvas, view: View, wardrobe: Wardrobe, at: Joints) -> None:
    """A phone, or a folder held with both hands."""
    h = wardrobe.figure.height
    dark = np.array([0.07, 0.07, 0.09], np.float32)
    if view.gesture == "phone":
        canvas.ellipsoid(
            move(at["wrist_r"], 0.01, 0.03 * h, 0.03), np.array([0.035, 0.06, 0.02]), plain(dark)
        )
    elif view.gesture == "call":
        canvas.ellipsoid(move(at["wrist_r"], 0.02, 0.03 * h, 0), np.array([0.02, 0.07, 0.035]), plain(dark))
    elif view.gesture == "book":
        middle = (at["wrist_l"] + at["wrist_r"]) / 2 + [0, 0.02, 0.03]
        canvas.limb(
            move(middle, 0, 0.1, 0),
            move(middle, 0, -0.1, 0),
            np.array([[0.11, 0.02], [0.11, 0.02]]),
            plain(np.array([0.88, 0.87, 0.83], np.float32)),
            caps=(0.05, 0.05),
        )


def _box(wide: float, deep: float, steps: int) -> np.ndarray:
    return np.tile([[wide, deep]], (steps, 1)).astype(float)


def _hang(
    canvas: Canvas,
    hand: np.ndarray,
    drop: float,
    size: tuple[float, float, float],
    colour: np.ndarray,
    *,
    crumpled: bool,
) -> None:
    wide, deep, tall = size
    top = move(hand, 0, -drop, 0)
    box = _box(wide, deep, 6)
    if crumpled:
        box[:2] *= [[0.4, 0.55], [0.8, 0.85]]
    canvas.limb(
        top,
        move(top, 0, -tall, 0),
        box,
        plain(colour, 0.1) if crumpled else _leather(colour),
        caps=(0.3, 0.3),
    )
    for z in (-0.6 * deep, 0.6 * deep):
        canvas.limb(hand, move(top, 0, 0, z), np.full((2, 2), 0.009), plain(colour * 0.8))


def _leather(colour: np.ndarray) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        shade = np.where(np.abs(surface.t - 0.42) < 0.03, 0.6, 1.0) * np.where(surface.t < 0.42, 1.08, 0.95)
        return np.clip(colour * shade[:, None], 0, 1).astype(np.float32)

    return paint


def _pack(colour: np.ndarray) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        x = np.sin(surface.around)
        seam = (
            (np.abs(surface.t - 0.5) < 0.02)
            | ((surface.t > 0.5) & (np.abs(np.abs(x) - 0.62) < 0.035))
            | (np.abs(surface.t - 0.1) < 0.015)
        )
        pocket = (surface.t > 0.52) & (np.abs(x) < 0.6)
        shade = np.where(seam, 0.55, np.where(pocket, 1.12, 1.0))
        return np.clip(colour * shade[:, None], 0, 1).astype(np.float32)

    return paint


def _case(colour: np.ndarray) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        rib = 1 + 0.1 * np.sign(np.sin(surface.around * 14))
        wheel = surface.t > 0.95
        return np.where(wheel[:, None], 0.08, np.clip(colour * rib[:, None], 0, 1)).astype(np.float32)

    return paint
