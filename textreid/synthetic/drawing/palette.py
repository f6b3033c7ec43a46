"""Colours of cloth, leather, hair and skin, and the words people use for them."""

from __future__ import annotations

import numpy as np

# name -> (sRGB centre, words a writer may use; the first is the plainest)
COLOURS: dict[str, tuple[tuple[int, int, int], tuple[str, ...]]] = {
    "black": ((28, 28, 32), ("black", "black", "black")),
    "dark grey": ((78, 79, 84), ("dark grey", "dark gray", "charcoal")),
    "grey": ((136, 137, 140), ("grey", "gray", "grey")),
    "light grey": ((186, 187, 188), ("light grey", "light gray", "pale grey")),
    "white": ((238, 238, 234), ("white", "white", "white")),
    "red": ((196, 28, 34), ("red", "bright red", "red")),
    "dark red": ((112, 22, 36), ("dark red", "maroon", "burgundy", "wine red")),
    "pink": ((236, 138, 172), ("pink", "light pink", "pink")),
    "orange": ((232, 112, 24), ("orange", "bright orange", "orange")),
    "yellow": ((238, 202, 44), ("yellow", "bright yellow", "yellow")),
    "green": ((38, 138, 62), ("green", "bright green", "green")),
    "dark green": ((28, 74, 48), ("dark green", "deep green", "forest green")),
    "olive": ((104, 102, 58), ("olive", "olive green", "army green")),
    "teal": ((20, 132, 140), ("teal", "turquoise", "blue-green")),
    "light blue": ((138, 184, 224), ("light blue", "pale blue", "sky blue")),
    "blue": ((36, 84, 180), ("blue", "bright blue", "royal blue")),
    "navy": ((28, 36, 76), ("navy", "dark blue", "navy blue")),
    "purple": ((108, 54, 140), ("purple", "violet", "purple")),
    "brown": ((102, 66, 42), ("brown", "dark brown", "brown")),
    "beige": ((204, 180, 142), ("beige", "tan", "khaki", "cream")),
}

HAIR_COLOURS: dict[str, tuple[tuple[int, int, int], tuple[str, ...]]] = {
    "black": ((24, 21, 21), ("black", "dark", "black")),
    "brown": ((74, 48, 32), ("brown", "brown", "dark brown")),
    "blond": ((188, 152, 94), ("blond", "blonde", "fair")),
    "grey": ((150, 149, 147), ("grey", "gray", "greying")),
    "red": ((116, 54, 30), ("reddish", "red", "auburn")),
}

# Colours that a low-resolution image can confuse: never the only difference between two people.
NEAR: tuple[frozenset[str], ...] = tuple(
    frozenset(pair)
    for pair in (
        ("black", "dark grey"),
        ("black", "navy"),
        ("dark grey", "grey"),
        ("dark grey", "navy"),
        ("grey", "light grey"),
        ("light grey", "white"),
        ("red", "dark red"),
        ("red", "orange"),
        ("dark red", "brown"),
        ("dark red", "purple"),
        ("orange", "yellow"),
        ("orange", "brown"),
        ("green", "dark green"),
        ("dark green", "black"),
        ("dark green", "olive"),
        ("olive", "brown"),
        ("olive", "beige"),
        ("teal", "green"),
        ("teal", "blue"),
        ("teal", "light blue"),
        ("light blue", "light grey"),
        ("blue", "navy"),
        ("blue", "purple"),
        ("beige", "light grey"),
        ("beige", "brown"),
        ("beige", "white"),
        ("teal", "dark green"),
    )
)

SKIN_TONES = (
    (244, 212, 188),
    (232, 192, 162),
    (216, 168, 132),
    (190, 138, 102),
    (148, 102, 72),
    (104, 70, 50),
)


def rgb(name: str, jitter: np.random.Generator | None = None) -> np.ndarray:
    """[3] float32 sRGB in 0..1 of a named colour, moved a little if a generator is given."""
    return _jittered(COLOURS[name][0], jitter, 0.05)


def hair_rgb(name: str, jitter: np.random.Generator | None = None) -> np.ndarray:
    """[3] float32 sRGB in 0..1 of a named hair colour."""
    return _jittered(HAIR_COLOURS[name][0], jitter, 0.03)


def alike(one: str | None, other: str | None) -> bool:
    """Whether two colour names are the same or easily taken for one another."""
    return one == other or frozenset((one, other)) in NEAR


def _jittered(centre: tuple[int, int, int], jitter: np.random.Generator | None, amount: float) -> np.ndarray:
    colour = np.asarray(centre, np.float32) / 255
    if jitter is None:
        return colour
    moved = colour * (1 + jitter.normal(0, amount)) + jitter.normal(0, amount * 0.25, 3)
    return np.clip(moved, 0.02, 0.98).astype(np.float32)
