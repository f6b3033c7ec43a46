"""Who is drawn: everything about one person that stays the same from one camera to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from textreid.errors import InputError

SEXES = ("female", "male")
AGES = ("child", "young", "adult", "elderly")
BUILDS = ("slim", "average", "heavy")
HAIR_STYLES = ("bald", "short", "medium", "long", "ponytail", "bun", "curly")
HATS = ("none", "cap", "beanie", "sun hat", "hood")
GLASSES = ("none", "glasses", "sunglasses")
UPPERS = (
    "t-shirt",
    "polo shirt",
    "shirt",
    "blouse",
    "sweater",
    "hoodie",
    "jacket",
    "coat",
    "suit jacket",
    "down jacket",
    "tank top",
    "dress",
)
SLEEVES = ("none", "short", "long")
PATTERNS = ("plain", "striped", "checked", "print", "floral", "camouflage", "two-tone", "dotted")
LOWERS = ("trousers", "jeans", "leggings", "shorts", "skirt", "long skirt", "cropped trousers", "none")
SHOES = ("sneakers", "shoes", "boots", "sandals", "flats")
BAGS = (
    "none",
    "backpack",
    "handbag",
    "shoulder bag",
    "messenger bag",
    "tote bag",
    "suitcase",
    "shopping bag",
    "briefcase",
)

_CHOICES: dict[str, tuple[str, ...]] = {
    "sex": SEXES,
    "age": AGES,
    "build": BUILDS,
    "hair": HAIR_STYLES,
    "hat": HATS,
    "glasses": GLASSES,
    "upper": UPPERS,
    "sleeves": SLEEVES,
    "upper_pattern": PATTERNS,
    "lower": LOWERS,
    "lower_pattern": PATTERNS,
    "shoes": SHOES,
    "bag": BAGS,
}


@dataclass(frozen=True)
class Pedestrian:
    """One identity, in words; `textreid.synthetic.draw_crop` turns it into images.

    Colour names are those of `textreid.synthetic.drawing.palette`. None means that the thing is not there.

    Attributes:
        number: the identity's number; it also seeds what no word says: exact shades, build, folds.
        sex: "female" or "male", as it appears.
        age: "child", "young", "adult" or "elderly", as it appears.
        build: "slim", "average" or "heavy".
        hair: its style; "bald" for none.
        hair_colour: a name of HAIR_COLOURS.
        hat: the kind of hat, "hood" for a raised hood, or "none".
        hat_colour: its colour, None without a hat.
        glasses: "none", "glasses" or "sunglasses".
        upper: the outermost garment of the upper body; "dress" covers the lower body too.
        sleeves: their length.
        upper_colour: main colour.
        upper_second: colour of the pattern, or None for a plain garment.
        upper_pattern: pattern.
        inner_colour: colour of the shirt that shows in an open jacket, None if closed.
        lower: garment of the legs; "none" under a dress.
        lower_colour: main colour, None under a dress.
        lower_pattern: pattern.
        shoes: kind.
        shoe_colour: colour.
        bag: kind, or "none".
        bag_colour: colour, None without a bag.
        umbrella: colour of an open umbrella, or None.
        scarf: colour of a scarf, or None.

    Raises:
        InputError: a value is not one of its choices.
    """

    number: int
    sex: str
    age: str
    build: str
    hair: str
    hair_colour: str
    hat: str
    hat_colour: str | None
    glasses: str
    upper: str
    sleeves: str
    upper_colour: str
    upper_second: str | None
    upper_pattern: str
    inner_colour: str | None
    lower: str
    lower_colour: str | None
    lower_pattern: str
    shoes: str
    shoe_colour: str
    bag: str
    bag_colour: str | None
    umbrella: str | None
    scarf: str | None

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InputError(f"Pedestrian.{name} is {value!r}; choose one of {', '.join(choices)}.")

    def attributes(self) -> Mapping[str, str]:
        """Attribute name -> value, all as words; "none" where a thing is absent."""
        return {f.name: str(getattr(self, f.name) or "none") for f in fields(self) if f.name != "number"}


def skirted(person: Pedestrian) -> bool:
    """Whether a dress or a skirt covers the thighs."""
    return person.upper == "dress" or person.lower in ("skirt", "long skirt")
