"""Hair and hats."""

from __future__ import annotations

import numpy as np

from textreid.synthetic.drawing import noise
from textreid.synthetic.drawing.canvas import Canvas, Paint, move
from textreid.synthetic.drawing.shapes import Surface
from textreid.synthetic.pedestrians.body import Joints, head_axes, plain
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.wardrobe import Wardrobe


def draw_hair(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    """Hair over the head, and what falls from it."""
    style = person.hair
    if style == "bald":
        return
    size, head = wardrobe.figure.head, at["head"]
    strands = _strands(wardrobe.hair)
    # (growth over the skull, hairline over the forehead, half opening of the face, how far down at the sides)
    grow, line, face, down = {
        "short": (1.07, 0.5, 1.25, -0.15),
        "medium": (1.13, 0.48, 0.95, -0.95),
        "long": (1.12, 0.52, 0.88, -0.98),
        "ponytail": (1.06, 0.5, 1.15, -0.3),
        "bun": (1.06, 0.5, 1.15, -0.3),
        "curly": (1.28, 0.42, 0.95, -0.6),
    }[style]
    shift = np.array([0, 0.05, -0.06]) * size
    canvas.ellipsoid(head + shift, head_axes(size, grow), _cap(strands, line, face, down, person.number))
    if style == "medium":
        back = np.array([[0.62, 0.5], [0.72, 0.55], [0.66, 0.4]]) * size
        canvas.limb(
            move(head, 0, 0.1 * size, -0.35 * size),
            move(head, 0, -1.2 * size, -0.3 * size),
            back,
            _opening(strands, 0.95),
        )
    elif style == "long":
        back = np.array([[0.6, 0.5], [0.8, 0.5], [0.9, 0.42], [0.82, 0.36], [0.5, 0.2]]) * size
        canvas.limb(
            move(head, 0, 0.1 * size, -0.3 * size),
            move(head, 0, -3.0 * size, -0.85 * size),
            back,
            _opening(strands, 1.1),
            caps=(1, 0.4),
        )
        for sign in (1, -1):
            lock = np.array([[0.2, 0.2], [0.26, 0.2], [0.1, 0.1]]) * size
            canvas.limb(
                move(head, sign * 0.62 * size, -0.2 * size, 0.1 * size),
                move(head, sign * 0.75 * size, -2.1 * size, 0.25 * size),
                lock,
                strands,
            )
    elif style == "ponytail":
        tail = np.array([[0.18, 0.18], [0.3, 0.26], [0.3, 0.24], [0.12, 0.1]]) * size
        canvas.limb(
            move(head, 0, 0.35 * size, -0.85 * size), move(head, 0, -1.75 * size, -1.2 * size), tail, strands
        )
    elif style == "bun":
        canvas.ellipsoid(move(head, 0, 0.75 * size, -0.7 * size), np.array([0.42, 0.4, 0.4]) * size, strands)


def draw_hat(canvas: Canvas, person: Pedestrian, wardrobe: Wardrobe, at: Joints) -> None:
    """The hat, on top of the hair."""
    size, head, colour = wardrobe.figure.head, at["head"], wardrobe.hat
    if person.hat == "cap":
        crown = _above(plain(colour), 0.3)
        canvas.ellipsoid(move(head, 0, 0.1 * size, -0.02 * size), head_axes(size, 1.16), crown)
        visor = np.stack([[0.62, 0, 0], [0, 0.09, -0.04], [0, -0.15, 0.62]], 1) * size
        canvas.ellipsoid(move(head, 0, 0.36 * size, 0.82 * size), visor, plain(colour * 0.85))
    elif person.hat == "beanie":
        canvas.ellipsoid(
            move(head, 0, 0.1 * size, -0.03 * size), head_axes(size, 1.2), _above(_ribbed(colour), 0.18)
        )
    elif person.hat == "sun hat":
        canvas.ellipsoid(move(head, 0, 0.2 * size, 0), head_axes(size, 1.14), _above(plain(colour), 0.2))
        band = _band(colour)
        canvas.ellipsoid(move(head, 0, 0.42 * size, 0), np.array([1.5, 0.12, 1.6]) * size, band)
    elif person.hat == "hood":
        canvas.ellipsoid(
            move(head, 0, 0, -0.12 * size), head_axes(size, 1.34), _cap(wardrobe.upper, 0.62, 0.85, -1.1, 0)
        )
        collar = np.array([[0.75, 0.7], [0.9, 0.85], [1.1, 0.95]]) * size
        canvas.limb(
            move(head, 0, -0.6 * size, -0.2 * size),
            move(at["neck"], 0, -0.02, 0),
            collar,
            _opening(wardrobe.upper, 0.8),
        )


def _strands(colour: np.ndarray) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        streak = noise.at(5, surface.around * 38, surface.along * 5 + 9) * 0.16
        sheen = np.exp(-(((surface.t - 0.72) / 0.12) ** 2)) * 0.35
        shade = 1 + streak + sheen
        return np.clip(colour * shade[:, None] + 0.02 * sheen[:, None], 0, 1).astype(np.float32)

    return paint


def _cap(paint: Paint, line: float, face: float, down: float, seed: int) -> Paint:
    def cut(surface: Surface) -> np.ndarray:
        colour = paint(surface)
        ragged = 0.07 * noise.at(5, surface.around * 20 + seed % 50, surface.along * 6)
        open_face = (np.abs(surface.around) < face + ragged) & (surface.along < line + ragged)
        colour[open_face | (surface.along < down + ragged)] = np.nan
        return colour

    return cut


def _opening(paint: Paint, half: float) -> Paint:
    def cut(surface: Surface) -> np.ndarray:
        colour = np.array(paint(surface), np.float32)
        colour[np.abs(surface.around) < half] = np.nan
        return colour

    return cut


def _above(paint: Paint, rim: float) -> Paint:
    def cut(surface: Surface) -> np.ndarray:
        colour = paint(surface)
        colour[surface.along < rim + 0.06] *= 0.75
        colour[surface.along < rim] = np.nan
        return colour

    return cut


def _ribbed(colour: np.ndarray) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        rib = 1 + 0.08 * np.sin(surface.around * 26)
        turn_up = np.where(surface.along < 0.42, 0.85, 1.0)
        return np.clip(colour * (rib * turn_up)[:, None], 0, 1).astype(np.float32)

    return paint


def _band(colour: np.ndarray) -> Paint:
    def paint(surface: Surface) -> np.ndarray:
        weave = 1 + 0.05 * np.sin(surface.around * 40) * np.sign(surface.along)
        return np.clip(colour * weave[:, None], 0, 1).astype(np.float32)

    return paint
