"""What people wear: how often each garment, colour and bag comes, and what goes with what."""

from __future__ import annotations

import numpy as np

from textreid.synthetic.drawing.palette import alike
from textreid.synthetic.pedestrians.pedestrian import Pedestrian


def _pick(rng: np.random.Generator, weights: dict[str, float]) -> str:
    names = list(weights)
    odds = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=odds / odds.sum()))]


_UPPER_COLOURS = {
    "black": 5,
    "dark grey": 2.5,
    "grey": 3,
    "light grey": 2,
    "white": 5,
    "red": 3.2,
    "dark red": 1.8,
    "pink": 2.4,
    "orange": 1.8,
    "yellow": 2.2,
    "green": 2.4,
    "dark green": 1.4,
    "olive": 1.4,
    "teal": 1.4,
    "light blue": 2.4,
    "blue": 3.2,
    "navy": 2.4,
    "purple": 1.8,
    "brown": 1.8,
    "beige": 2.2,
}
_LOWER_COLOURS = {
    "black": 6,
    "dark grey": 2.5,
    "grey": 2.5,
    "light grey": 1,
    "white": 2,
    "navy": 2.5,
    "brown": 2,
    "beige": 3,
    "olive": 1.4,
    "red": 1,
    "dark red": 0.8,
    "pink": 0.7,
    "green": 0.7,
    "blue": 1,
    "purple": 0.5,
    "yellow": 0.4,
}
_SHOE_COLOURS = {
    "black": 6,
    "white": 5,
    "grey": 2,
    "brown": 2.5,
    "red": 1.3,
    "blue": 1,
    "pink": 0.6,
    "beige": 1,
    "yellow": 0.4,
}
_BAG_COLOURS = {
    "black": 4,
    "red": 1.8,
    "blue": 1.6,
    "brown": 2,
    "beige": 1.2,
    "grey": 1.3,
    "navy": 1,
    "pink": 1.1,
    "yellow": 0.9,
    "green": 1.1,
    "white": 1.2,
    "purple": 0.8,
    "orange": 0.9,
}


def draw_person(rng: np.random.Generator, number: int) -> Pedestrian:
    """One person by chance, with that number; the generator decides everything else."""
    sex = _pick(rng, {"male": 1, "female": 1})
    woman = sex == "female"
    age = _pick(rng, {"child": 0.09, "young": 0.46, "adult": 0.33, "elderly": 0.12})
    build = _pick(rng, {"slim": 0.3, "average": 0.52, "heavy": 0.18 if age != "child" else 0.05})
    hair = _pick(
        rng,
        {"short": 1.4, "medium": 2, "long": 3.4, "ponytail": 2.2, "bun": 1, "curly": 0.8}
        if woman
        else {
            "bald": 0.9 if age in ("adult", "elderly") else 0.05,
            "short": 7,
            "medium": 0.5,
            "curly": 0.8,
            "ponytail": 0.15,
        },
    )
    hair_colour = (
        "grey"
        if age == "elderly" and rng.random() < 0.85
        else _pick(rng, {"black": 5, "brown": 3, "blond": 1.5, "red": 0.5})
    )
    upper, sleeves = _upper(rng, woman, age)
    upper_colour = _pick(rng, _UPPER_COLOURS)
    pattern = _upper_pattern(rng, upper, woman)
    contrast = {c: w for c, w in _UPPER_COLOURS.items() if not alike(c, upper_colour)}
    if pattern in ("striped", "dotted", "print", "two-tone") and upper_colour != "white":
        contrast["white"] = 9
    second = _pick(rng, contrast) if pattern != "plain" else None
    if pattern == "camouflage":
        upper_colour, second = "olive", "brown"
    opens = upper in ("jacket", "coat", "suit jacket", "hoodie") and rng.random() < (
        0.85 if upper == "suit jacket" else 0.4
    )
    inner = (
        _pick(rng, {c: w for c, w in _UPPER_COLOURS.items() if not alike(c, upper_colour)} | {"white": 9})
        if opens and upper_colour not in ("white", "light grey", "beige")
        else None
    )
    lower, lower_colour = _lower(rng, upper, woman, upper_colour)
    lower_pattern = (
        _pick(rng, {"plain": 12, "checked": 0.8, "floral": 0.7})
        if lower in ("shorts", "skirt", "long skirt")
        else "plain"
    )
    shoes = _pick(
        rng,
        {
            "sneakers": 5,
            "shoes": 1 if woman else 3,
            "boots": 1.3 if lower not in ("shorts",) else 0.2,
            "sandals": 1.2 if sleeves != "long" else 0.2,
            "flats": 2 if woman else 0.0,
        },
    )
    hat = (
        "hood"
        if upper == "hoodie" and rng.random() < 0.15
        else _pick(
            rng,
            {
                "none": 8,
                "cap": 1.3,
                "beanie": 0.7 if sleeves == "long" else 0.1,
                "sun hat": 0.6 if sleeves != "long" else 0.15,
            },
        )
    )
    umbrella = _pick(rng, _BAG_COLOURS) if rng.random() < 0.045 and age != "child" else None
    bag = _pick(
        rng,
        {"none": 4.6, "backpack": 2.6, "messenger bag": 0.9, "tote bag": 0.5, "shopping bag": 0.7}
        | ({"handbag": 1.2, "shoulder bag": 1.4} if woman else {"briefcase": 0.6, "shoulder bag": 0.3})
        | ({} if umbrella else {"suitcase": 0.55}),
    )
    if age == "child" and bag not in ("none", "backpack"):
        bag = "backpack"
    return Pedestrian(
        number=number,
        sex=sex,
        age=age,
        build=build,
        hair=hair,
        hair_colour=hair_colour,
        hat=hat,
        hat_colour=None
        if hat == "none"
        else upper_colour
        if hat == "hood"
        else _pick(rng, _BAG_COLOURS | {"black": 5, "white": 2}),
        glasses=_pick(rng, {"none": 8, "glasses": 1.8, "sunglasses": 0.5}) if age != "child" else "none",
        upper=upper,
        sleeves=sleeves,
        upper_colour=upper_colour,
        upper_second=second,
        upper_pattern=pattern,
        inner_colour=inner,
        lower=lower,
        lower_colour=lower_colour,
        lower_pattern=lower_pattern,
        shoes=shoes,
        shoe_colour=_pick(rng, _SHOE_COLOURS),
        bag=bag,
        bag_colour=None
        if bag == "none"
        else _pick(rng, {c: w for c, w in _BAG_COLOURS.items() if c != upper_colour}),
        umbrella=umbrella,
        scarf=_pick(rng, _BAG_COLOURS)
        if sleeves == "long" and upper in ("coat", "jacket", "sweater") and rng.random() < 0.14
        else None,
    )


def _upper(rng: np.random.Generator, woman: bool, age: str) -> tuple[str, str]:
    choices = {
        "t-shirt": 5.0,
        "shirt": 2.4,
        "sweater": 1.8,
        "hoodie": 1.7,
        "jacket": 2.4,
        "coat": 1.3,
        "down jacket": 1.1,
    }
    choices |= (
        {"blouse": 1.8, "dress": 2.6, "tank top": 1.2}
        if woman
        else {"polo shirt": 1.8, "suit jacket": 1.6, "tank top": 0.5}
    )
    if age == "child":
        choices = {"t-shirt": 4.0, "hoodie": 2, "jacket": 1.5, "sweater": 1, "down jacket": 1} | (
            {"dress": 2.0} if woman else {}
        )
    upper = _pick(rng, choices)
    if upper in ("t-shirt", "polo shirt"):
        return upper, "short" if rng.random() < 0.9 else "long"
    if upper == "tank top":
        return upper, "none"
    if upper == "dress":
        return upper, _pick(rng, {"none": 2, "short": 3, "long": 1.4})
    if upper in ("shirt", "blouse"):
        return upper, "long" if rng.random() < 0.6 else "short"
    return upper, "long"


def _upper_pattern(rng: np.random.Generator, upper: str, woman: bool) -> str:
    table: dict[str, dict[str, float]] = {
        "t-shirt": {"plain": 6, "striped": 2.2, "print": 2.6, "two-tone": 0.8},
        "polo shirt": {"plain": 6, "striped": 2.5},
        "shirt": {"plain": 6, "checked": 3.2, "striped": 0.6},
        "blouse": {"plain": 5, "floral": 2.5, "dotted": 1.2, "striped": 1},
        "sweater": {"plain": 6, "striped": 2.4, "two-tone": 0.8},
        "hoodie": {"plain": 6, "print": 1.4, "camouflage": 0.4},
        "jacket": {"plain": 8, "camouflage": 0.8, "two-tone": 1},
        "coat": {"plain": 8, "checked": 0.9},
        "suit jacket": {"plain": 1},
        "down jacket": {"plain": 1},
        "tank top": {"plain": 5, "striped": 1, "print": 1},
        "dress": {"plain": 4.5, "floral": 2.4, "dotted": 1.2, "striped": 1.2, "checked": 0.6},
    }
    return _pick(rng, {k: v for k, v in table[upper].items() if woman or k not in ("floral", "dotted")})


def _lower(rng: np.random.Generator, upper: str, woman: bool, upper_colour: str) -> tuple[str, str | None]:
    if upper == "dress":
        return "none", None
    if upper == "suit jacket":
        return "trousers", upper_colour if rng.random() < 0.5 else _pick(rng, _LOWER_COLOURS)
    summer = upper in ("t-shirt", "polo shirt", "tank top", "blouse", "shirt")
    kinds = {"trousers": 3.4, "jeans": 3.4, "shorts": 2.2 if summer else 0.15}
    if woman:
        kinds |= {
            "leggings": 1.4,
            "skirt": 1.8,
            "long skirt": 0.6,
            "cropped trousers": 0.8 if summer else 0.1,
            "shorts": 1.5 if summer else 0.1,
        }
    lower = _pick(rng, kinds)
    if lower == "jeans":
        return lower, _pick(rng, {"navy": 3, "blue": 3, "light blue": 2, "black": 1})
    return lower, _pick(rng, _LOWER_COLOURS | ({"black": 9} if lower == "leggings" else {}))
