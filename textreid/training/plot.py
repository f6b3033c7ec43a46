"""Curves over the steps of a run, as a PNG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from textreid_index.whole_folder import whole_file

Curve = list[tuple[float, float]]
"""(step, value), by step."""

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 320, 70, 200, 36, 30
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c6d31")
"""Okabe and Ito's, which colour-blind people tell apart."""


def draw_curves(panels: Mapping[str, Mapping[str, Curve]], path: Path) -> None:
    """One panel below the other, each with its own scale; an empty one is left out.

    Args:
        panels: title -> name of a curve -> the curve.
        path: of the PNG; replaced if it exists.
    """
    shown = [(title, curves) for title, curves in panels.items() if curves]
    image = Image.new("RGB", (WIDTH, HEIGHT * max(1, len(shown))), "white")
    for number, (title, curves) in enumerate(shown):
        _draw_panel(ImageDraw.Draw(image), number * HEIGHT, title, curves)
    with whole_file(path) as file:
        image.save(file, "PNG")


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, at most `most` of them beyond the first.

    Args:
        low: of the values.
        high: above it.
        most: steps between them.
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _draw_panel(draw: ImageDraw.ImageDraw, top: int, title: str, curves: Mapping[str, Curve]) -> None:
    font = ImageFont.load_default(13)
    steps = [step for curve in curves.values() for step, _ in curve]
    values = [value for curve in curves.values() for _, value in curve]
    x_range, y_range = _range(steps), _range(values)

    def place(step: float, value: float) -> tuple[float, float]:
        across = (step - x_range[0]) / (x_range[1] - x_range[0])
        up = (value - y_range[0]) / (y_range[1] - y_range[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), top + HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    draw.text((LEFT, top + 10), title, "black", font)
    for value in ticks(*y_range):
        draw.line([place(x_range[0], value), place(x_range[1], value)], "#dddddd")
        draw.text((LEFT - 8, place(0, value)[1]), f"{value:g}", "black", font, anchor="rm")
    for step in ticks(*x_range):
        draw.text((place(step, 0)[0], top + HEIGHT - BOTTOM + 6), f"{step:g}", "black", font, anchor="mt")
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = [place(*point) for point in curve]
        _draw_line(draw, points, colour)
        height = top + TOP + 18 * number
        draw.line([(WIDTH - RIGHT + 12, height + 6), (WIDTH - RIGHT + 32, height + 6)], colour, 3)
        draw.text((WIDTH - RIGHT + 38, height), name, "black", font)


def _draw_line(draw: ImageDraw.ImageDraw, points: Sequence[tuple[float, float]], colour: str) -> None:
    draw.line(points, colour, 2)
    if len(points) < 30:
        for x, y in points:
            draw.ellipse([x - 3, y - 3, x + 3, y + 3], colour)


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
