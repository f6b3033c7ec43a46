"""Line charts as inline SVG, coloured by the page's own style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 300, 44, 12, 12, 40
COLOURS = 6
"""How many colours and dash patterns the style sheet has."""


@dataclass(frozen=True)
class Series:
    """One line of a chart.

    Attributes:
        name: for the legend.
        x: [N] in the unit of the axis.
        y: [N] percent.
    """

    name: str
    x: np.ndarray
    y: np.ndarray


def line_chart(title: str, across: str, up: str, series: Sequence[Series]) -> str:
    """A figure with a chart and its legend; the y axis runs from 0 to 100 %.

    Args:
        title: for those who see the chart, and for those who hear it.
        across: label of the x axis.
        up: label of the y axis.
        series: at least one, all over the same x.
    """
    low, high = float(series[0].x[0]), float(series[0].x[-1])
    label = escape(_describe(title, series))
    parts = [f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">']
    for value in range(0, 101, 20):
        y = _up(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    for value in sorted({low, *np.linspace(0, high, 6).round()[1:].tolist()}):
        x = _across(value, low, high)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:g}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 4}" text-anchor="middle">'
        f"{escape(across)}</text>"
        f'<text x="{-(TOP + HEIGHT - BOTTOM) / 2}" y="11" text-anchor="middle" transform="rotate(-90)">'
        f"{escape(up)}</text>"
    )
    for number, one in enumerate(series):
        points = " ".join(
            f"{_across(float(x), low, high):.1f},{_up(float(y)):.1f}"
            for x, y in zip(one.x, one.y, strict=True)
        )
        parts.append(
            f'<polyline class="line c{number % COLOURS}" points="{points}"><title>{escape(one.name)}</title>'
            "</polyline>"
        )
    parts.append(f"</svg><figcaption><strong>{escape(title)}</strong>{_legend(series)}</figcaption></figure>")
    return "".join(parts)


def _legend(series: Sequence[Series]) -> str:
    key = '<svg class="key" viewBox="0 0 24 8" aria-hidden="true"><path class="line c{}" d="M0 4H24"/></svg>'
    items = (f"<li>{key.format(n % COLOURS)} {escape(one.name)}</li>" for n, one in enumerate(series))
    return f"<ul>{''.join(items)}</ul>"


def _describe(title: str, series: Sequence[Series]) -> str:
    lines = (f"{one.name} from {one.y[0]:.1f} to {one.y[-1]:.1f} percent" for one in series)
    return f"{title}: {'; '.join(lines)}."


def _across(value: float, low: float, high: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / ((high - low) or 1)


def _up(percent: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - percent / 100)
