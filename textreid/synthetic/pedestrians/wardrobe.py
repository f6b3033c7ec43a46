"""The cloths and colours of one person, fixed by the identity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textreid.synthetic.drawing.palette import SKIN_TONES, hair_rgb, rgb
from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.fabrics import Cloth
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import Figure

LOOSE = {  # metres between chest and garment
    "t-shirt": 0.016,
    "polo shirt": 0.016,
    "shirt": 0.018,
    "blouse": 0.018,
    "sweater": 0.022,
    "hoodie": 0.032,
    "jacket": 0.03,
    "coat": 0.036,
    "suit jacket": 0.026,
    "down jacket": 0.055,
    "tank top": 0.008,
    "dress": 0.012,
}


@dataclass(frozen=True)
class Wardrobe:
    """Everything the drawing of one person needs and no word says.

    Colours are [3] float32 sRGB in 0..1.

    Attributes:
        figure: the body.
        skin: colour.
        hair: colour.
        upper: cloth of the upper garment.
        inner: colour of the shirt in an open jacket.
        lower: cloth of the lower garment.
        shoes: colour.
        sole: colour of their soles.
        bag: colour.
        hat: colour.
        ease: metres between chest and upper garment.
        leg_width: metres between leg and trousers at the knee.
        hem: how much lower than usual the upper garment ends, as a fraction of the height.
        wrap: half width of the gap in an open jacket, as a fraction of the chest's.
        stoop: radians that the back leans forward.
    """

    figure: Figure
    skin: np.ndarray
    hair: np.ndarray
    upper: Cloth
    inner: np.ndarray
    lower: Cloth
    shoes: np.ndarray
    sole: np.ndarray
    bag: np.ndarray
    hat: np.ndarray
    ease: float
    leg_width: float
    hem: float
    wrap: float
    stoop: float

    @classmethod
    def of(cls, person: Pedestrian) -> Wardrobe:
        """The wardrobe of a person; always the same one."""
        own = seeded(
            person.number, "wardrobe", *(str(v) for v in (person.upper, person.upper_colour, person.sex))
        )
        figure = Figure.of(person, own)
        skin = np.asarray(SKIN_TONES[int(own.integers(len(SKIN_TONES)))], np.float32) / 255
        upper_colour = rgb(person.upper_colour, own)
        upper_second = rgb(person.upper_second, own) if person.upper_second else upper_colour
        lower_name = person.lower_colour or person.upper_colour
        lower_colour = rgb(lower_name, own)
        denim = person.lower == "jeans"
        folds = {"down jacket": 1.6, "sweater": 0.8, "suit jacket": 0.6, "tank top": 0.7}.get(
            person.upper, 1.0
        )
        upper = Cloth(
            upper_colour,
            upper_second,
            person.upper_pattern,
            folds=folds,
            seed=int(own.integers(1 << 20)),
            radius=figure.shoulder * 0.9,
            fine=float(own.uniform(0.8, 1.35)),
        )
        lower = Cloth(
            lower_colour,
            lower_colour * 0.55 + 0.3,
            person.lower_pattern,
            folds=1.0,
            seed=int(own.integers(1 << 20)),
            radius=0.08,
            fine=float(own.uniform(0.8, 1.2)),
            fade=0.35 if denim else 0.0,
        )
        shoe = rgb(person.shoe_colour, own)
        sole = (
            shoe * 0.5
            if person.shoes in ("shoes", "boots", "flats")
            else np.array([0.82, 0.81, 0.78], np.float32)
        )
        slim = {
            "leggings": 0.0,
            "jeans": 0.010,
            "trousers": 0.017,
            "shorts": 0.026,
            "cropped trousers": 0.014,
        }
        return cls(
            figure=figure,
            skin=skin,
            hair=hair_rgb(person.hair_colour, own),
            upper=upper,
            inner=rgb(person.inner_colour or "white", own),
            lower=lower,
            shoes=shoe,
            sole=sole.astype(np.float32),
            bag=rgb(person.bag_colour or "black", own),
            hat=rgb(person.hat_colour, own) if person.hat_colour else upper_colour,
            ease=LOOSE[person.upper] + float(own.uniform(0, 0.012)),
            leg_width=slim.get(person.lower, 0.0) * float(own.uniform(0.75, 1.5)),
            hem=float(own.uniform(-0.01, 0.025)),
            wrap=float(own.uniform(0.3, 0.55)),
            stoop=0.16 if person.age == "elderly" else float(own.uniform(0, 0.05)),
        )
