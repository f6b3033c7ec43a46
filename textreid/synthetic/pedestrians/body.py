"""The body: legs, arms, neck, head and face."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from textreid.synthetic.drawing import noise
from textreid.synthetic.drawing.canvas import Canvas, Paint, move
from textreid.synthetic.drawing.shapes import Surface
from textreid.synthetic.pedestrians.pedestrian import Pedestrian, skirted
from textreid.synthetic.pedestrians.wardrobe import Wardrobe

Joints = Mapping[str, np.ndarray]


def plain(colour: np.ndarray, grain: float = 0.04) -> Paint:
    """A paint of one colour with a little life in it."""

    def paint(surface: Surface) -> np.ndarray:
        shade = 1 + grain * noise.at(5, surface.around * 12 + 31, surface.along * 90 + 17)
        return np.clip(colour * shade[:, None], 0, 1).astype(np.float32)

    return paint


def draw_skin(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    """Bare legs, arms, hands, neck and head; clothes are drawn over them."""
    h = wardrobe.figure.limb
    skin = plain(wardrobe.skin)
    legs = plain(wardrobe.lower.colour) if person.lower == "leggings" else skin
    thigh = np.array([[0.046, 0.05], [0.05, 0.054], [0.047, 0.05], [0.04, 0.042], [0.034, 0.036]]) * h
    shin = np.array([[0.034, 0.036], [0.035, 0.04], [0.033, 0.037], [0.025, 0.027], [0.019, 0.022]]) * h
    upper_arm = np.array([[0.03, 0.032], [0.027, 0.029], [0.022, 0.023]]) * h
    forearm = np.array([[0.022, 0.023], [0.021, 0.021], [0.0145, 0.0145]]) * h
    covered = person.lower in ("trousers", "jeans")
    under = -0.12 if skirted(person) else -0.05  # skirts and tops hang over the thighs
    for side in "lr":
        if not covered:
            canvas.limb(at[f"hip_{side}"], at[f"knee_{side}"], thigh, legs, lift=under)
            canvas.limb(at[f"knee_{side}"], at[f"ankle_{side}"], shin, legs, lift=under)
        if person.sleeves != "long":
            canvas.limb(at[f"shoulder_{side}"], at[f"elbow_{side}"], upper_arm, skin)
            canvas.limb(at[f"elbow_{side}"], at[f"wrist_{side}"], forearm, skin)
        fore = at[f"wrist_{side}"] - at[f"elbow_{side}"]
        hand = at[f"wrist_{side}"] + fore / np.linalg.norm(fore) * 0.024 * h
        canvas.ellipsoid(hand, np.array([0.014, 0.033, 0.022]) * h, skin)
    neck = np.array([[0.03, 0.032], [0.029, 0.032], [0.036, 0.036]]) * h
    canvas.limb(move(at["head"], 0, -0.02, -0.01), at["neck"], neck, plain(wardrobe.skin * 0.86))
    size = wardrobe.figure.head
    canvas.ellipsoid(at["head"], head_axes(size), _face(person, wardrobe))


def head_axes(size: float, grow: float = 1.0) -> np.ndarray:
    """[3] half axes of the head."""
    return np.array([0.69, 1.0, 0.83]) * size * grow


def draw_shoes(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    """Both feet in their shoes."""
    h = wardrobe.figure.height
    for side in "lr":
        ankle = at[f"ankle_{side}"]
        ahead = at[f"toe_{side}"] / np.linalg.norm(at[f"toe_{side}"])
        right = np.array([ahead[2], 0, -ahead[0]])
        up = np.cross(ahead, right)
        axes = np.stack([right * 0.029, up * 0.025, ahead * 0.073], 1) * h
        canvas.ellipsoid(ankle + ahead * 0.036 * h - up * 0.018 * h, axes, _shoe(person, wardrobe))
        if person.shoes == "boots":
            top = ankle + (at[f"knee_{side}"] - ankle) * 0.45
            boot = np.array([[0.036, 0.038], [0.031, 0.034], [0.028, 0.032]]) * wardrobe.figure.limb
            canvas.limb(top, move(ankle, 0, -0.01, 0), boot, plain(wardrobe.shoes), caps=(0.2, 0.6))
        elif person.shoes == "sneakers" and person.lower not in ("trousers", "jeans"):
            sock = np.array([[0.023, 0.025], [0.022, 0.025]]) * wardrobe.figure.limb
            canvas.limb(move(ankle, 0, 0.03, 0), ankle, sock, plain(wardrobe.shoes * 0.3 + 0.5), lift=-0.004)


def _shoe(person: Pedestrian, wardrobe: Wardrobe) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        colour = np.where((surface.along < -0.55)[:, None], wardrobe.sole, wardrobe.shoes)
        if person.shoes == "sandals":
            bare = (np.mod(surface.around * 1.6 + surface.along, 1.0) < 0.5) & (surface.along > -0.5)
            colour = np.where(bare[:, None], wardrobe.skin, colour)
        elif person.shoes == "sneakers":
            laces = (np.abs(surface.around) < 0.5) & (surface.along > 0.5)
            colour = np.where(laces[:, None], colour * 0.6 + 0.35, colour)
        elif person.shoes == "flats":
            instep = (surface.along > 0.55) & (np.abs(surface.around) < 1.2)
            colour = np.where(instep[:, None], wardrobe.skin, colour)
        return colour.astype(np.float32)

    return paint


def _face(person: Pedestrian, wardrobe: Wardrobe) -> Paint:
    skin = wardrobe.skin

    def paint(surface: Surface) -> np.ndarray:
        x, y = np.sin(surface.around), surface.along
        front = np.cos(surface.around) > 0
        shade = np.ones(len(x), np.float32)
        eyes = np.exp(-(((np.abs(x) - 0.36) / 0.17) ** 2) - ((y - 0.12) / 0.085) ** 2)
        brows = np.exp(-(((np.abs(x) - 0.36) / 0.22) ** 2) - ((y - 0.28) / 0.06) ** 2)
        mouth = np.exp(-((x / 0.24) ** 2) - ((y + 0.5) / 0.06) ** 2)
        nose = np.exp(-(((x - 0.09) / 0.1) ** 2) - ((y + 0.14) / 0.16) ** 2)
        chin = np.exp(-(((y + 0.72) / 0.1) ** 2)) * 0.12
        shade -= front * (0.62 * eyes + 0.4 * brows + 0.22 * nose) + chin
        colour = skin * shade[:, None]
        colour = colour * (1 - np.array([0.12, 0.5, 0.45], np.float32) * (front * mouth)[:, None])
        blush = front * np.exp(-(((np.abs(x) - 0.55) / 0.25) ** 2) - ((y + 0.2) / 0.25) ** 2)
        colour = colour * (1 - np.array([0.0, 0.08, 0.08], np.float32) * blush[:, None])
        if person.glasses != "none":
            dark = person.glasses == "sunglasses"
            lens = (np.abs(np.abs(x) - 0.37) < 0.25) & (np.abs(y - 0.11) < 0.14) & front
            rim = lens & ~((np.abs(np.abs(x) - 0.37) < 0.17) & (np.abs(y - 0.11) < 0.075))
            arm = (np.abs(y - 0.15) < 0.045) & (np.abs(surface.around) < 1.7)
            ink = np.array([0.05, 0.05, 0.06], np.float32)
            colour = np.where(((lens if dark else rim) | arm)[:, None], ink, colour)
        return np.clip(colour, 0, 1).astype(np.float32)

    return paint
