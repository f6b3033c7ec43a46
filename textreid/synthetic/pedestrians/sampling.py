"""Sample identities of whom no two can be taken for each other."""

from __future__ import annotations

import numpy as np

from textreid.synthetic.drawing.palette import COLOURS, alike
from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.pedestrian import PATTERNS, Pedestrian
from textreid.synthetic.pedestrians.tastes import draw_person

LEAST_DIFFERENCE = 3
TRIES = 60


def sample_pedestrians(n: int, seed: int, *, start: int = 0) -> list[Pedestrian]:
    """Sample people; each differs from every other of the list in what one can see and say.

    Two people differ in at least three salient things (sex, childhood, length of hair, hat, kind, sleeves,
    colour and pattern of the upper garment, kind and colour of the lower one, shoe colour, kind of bag,
    umbrella), where colours that a camera confuses count as the same. In lists of many thousands the most
    different of 60 candidates is taken where none differs that much.

    Args:
        n: how many.
        seed: equal seeds give equal people, and a longer list begins with the shorter one.
        start: number of the first person; other numbers are other people.

    Returns:
        `n` people, numbered from `start`.
    """
    people: list[Pedestrian] = []
    codes = np.zeros((n, len(_KINDS) + len(_COLOURED)), np.int64)
    for i in range(n):
        rng = seeded(seed, "person", start + i)
        person, gap = _candidate(rng, start + i, codes[:i])
        for _ in range(TRIES - 1):
            if gap >= LEAST_DIFFERENCE:
                break
            other, other_gap = _candidate(rng, start + i, codes[:i])
            if other_gap > gap:
                person, gap = other, other_gap
        people.append(person)
        codes[i] = _code(person)
    return people


_UPPER_KINDS = {
    "t-shirt": 0,
    "polo shirt": 0,
    "tank top": 0,
    "blouse": 1,
    "shirt": 1,
    "sweater": 2,
    "hoodie": 2,
    "jacket": 3,
    "suit jacket": 3,
    "down jacket": 3,
    "coat": 4,
    "dress": 5,
}
_LOWER_KINDS = {
    "trousers": 0,
    "jeans": 0,
    "leggings": 1,
    "cropped trousers": 1,
    "shorts": 2,
    "skirt": 3,
    "long skirt": 4,
    "none": 5,
}
_BAG_KINDS = {
    "none": 0,
    "backpack": 1,
    "handbag": 2,
    "shoulder bag": 2,
    "messenger bag": 2,
    "tote bag": 2,
    "briefcase": 2,
    "suitcase": 3,
    "shopping bag": 4,
}
_KINDS = (
    lambda p: p.sex == "male",
    lambda p: p.age == "child",
    lambda p: p.hair in ("medium", "long", "ponytail", "bun"),
    lambda p: p.hat != "none",
    lambda p: _UPPER_KINDS[p.upper],
    lambda p: p.sleeves == "long",
    lambda p: PATTERNS.index(p.upper_pattern),
    lambda p: _LOWER_KINDS[p.lower],
    lambda p: _BAG_KINDS[p.bag],
)
_COLOURED = ("upper_colour", "lower_colour", "shoe_colour", "umbrella")
_NAMES = (*COLOURS, None)
_ALIKE = np.array([[alike(a, b) for b in _NAMES] for a in _NAMES])


def _candidate(rng: np.random.Generator, number: int, others: np.ndarray) -> tuple[Pedestrian, int]:
    person = draw_person(rng, number)
    return person, int(_differences(_code(person), others).min(initial=99))


def _code(person: Pedestrian) -> np.ndarray:
    return np.array(
        [int(kind(person)) for kind in _KINDS] + [_NAMES.index(getattr(person, name)) for name in _COLOURED]
    )


def _differences(code: np.ndarray, others: np.ndarray) -> np.ndarray:
    """[K] how many salient things differ between one code and K others."""
    cut = len(_KINDS)
    return (others[:, :cut] != code[:cut]).sum(1) + (~_ALIKE[others[:, cut:], code[cut:]]).sum(1)
