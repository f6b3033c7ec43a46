"""Noun phrases of one caption, each chosen once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from textreid.synthetic.drawing.palette import COLOURS, HAIR_COLOURS
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.wording import vocabulary as words


def join(parts: Sequence[str]) -> str:
    """Join phrases into "a", "a and b" or "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


class Phrases:
    """Phrases about one view of one person; empty where the fact is not to be mentioned.

    Args:
        person: who.
        view: the moment.
        rng: chooses the words.
        facts: the facts to mention.
    """

    def __init__(
        self, person: Pedestrian, view: View, rng: np.random.Generator, facts: frozenset[str]
    ) -> None:
        self._rng = rng
        self._american = bool(rng.random() < 0.5)
        woman = person.sex == "female"
        self.pronoun = "she" if woman else "he"
        self.own = "her" if woman else "his"
        self.person = self._one_of(words.PEOPLE[person.sex, person.age])
        if self.person == "child":
            self.person = "girl" if woman else "boy"
        self.upper = self._upper(person, facts)
        self.lower = self._lower(person) if "lower" in facts else ""
        self.shoes = (
            f"{self._colour(person.shoe_colour)} {self._one_of(words.SHOES[person.shoes])}"
            if "shoes" in facts
            else ""
        )
        self.hair = self._hair(person) if "hair" in facts else ""
        glasses = {"glasses": ("glasses", "eyeglasses"), "sunglasses": ("sunglasses", "dark glasses")}
        self.glasses_had = self._one_of(glasses[person.glasses]) if "glasses" in facts else ""
        self.hat_had = self._hat(person) if "hat" in facts else ""
        self.hat_worn = self.hat_had and (
            "wearing " + self.hat_had if person.hat != "hood" else "wearing the hood up"
        )
        self.scarf_had = f"a {self._colour(person.scarf)} scarf" if "scarf" in facts else ""
        self.scarf_worn = self.scarf_had and "wearing " + self.scarf_had
        bag = (
            f"a {self._colour(person.bag_colour)} {self._one_of(words.BAGS[person.bag])}"
            if "bag" in facts
            else ""
        )
        self.bag_carried = bag and self._bag(person, view, bag, "carrying")
        self.bag_with = bag and self._bag(person, view, bag, "with")
        shade = f"{self._colour(person.umbrella)} umbrella" if "umbrella" in facts else ""
        self.umbrella_held = shade and self._one_of(
            (f"holding a {shade}", f"under a {shade}", f"carrying an open {shade}")
        )
        self.umbrella_with = shade and self._one_of((f"under a {shade}", f"holding a {shade}"))
        self.gesture_made = self._gesture(view) if "gesture" in facts else ""
        self.seen, self.doing, self.moves = self._action(view)

    def _one_of(self, options: Sequence[str]) -> str:
        return options[int(self._rng.integers(len(options)))]

    def _colour(self, name: str | None) -> str:
        assert name is not None
        word = self._one_of(COLOURS[name][1])
        return word.replace("grey", "gray") if self._american else word.replace("gray", "grey")

    def _upper(self, person: Pedestrian, facts: frozenset[str]) -> str:
        noun = self._one_of(words.UPPERS[person.upper])
        pattern = person.upper_pattern
        telling = person.upper != "tank top" and (
            person.sleeves != "long" or person.upper not in words.SLEEVES_UNDERSTOOD
        )
        if telling and self._rng.random() < 0.65:
            noun = f"{self._one_of(words.SLEEVES[person.sleeves])} {noun}"
        main = self._colour(person.upper_colour)
        second = self._colour(person.upper_second) if person.upper_second else ""
        if pattern == "print" and "print" not in facts:
            pattern = "plain"
        text = self._one_of(words.PATTERNS[pattern]).format(main=main, second=second, noun=noun)
        if "inner" in facts and person.inner_colour:
            under = self._one_of(("shirt", "top", "t-shirt"))
            shown = (text, "an open " + text.split(" ", 1)[1])
            over = [f"{top} over a {self._colour(person.inner_colour)} {under}" for top in shown]
            text = self._one_of(over)
        return text

    def _lower(self, person: Pedestrian) -> str:
        noun = self._one_of(words.LOWERS[person.lower])
        colour = self._colour(person.lower_colour)
        pattern = {"checked": "checked ", "floral": "floral "}.get(person.lower_pattern, "")
        if person.lower in words.SINGULAR_LOWERS:
            return f"a {colour} {pattern}{noun}"
        return (
            f"a pair of {colour} {pattern}{noun}"
            if self._rng.random() < 0.15
            else f"{colour} {pattern}{noun}"
        )

    def _hair(self, person: Pedestrian) -> str:
        colour = self._one_of(HAIR_COLOURS[person.hair_colour][1])
        colour = colour.replace("grey", "gray") if self._american else colour.replace("gray", "grey")
        return self._one_of(words.HAIR[person.hair]).format(c=colour)

    def _hat(self, person: Pedestrian) -> str:
        if person.hat == "hood":
            return "the hood up"
        return f"a {self._colour(person.hat_colour)} {self._one_of(words.HATS[person.hat])}"

    def _bag(self, person: Pedestrian, view: View, bag: str, verb: str) -> str:
        own, kind = self.own, person.bag
        if kind == "backpack":
            if view.side == "front":
                straps = bag.split(" ", 1)[1]
                return self._one_of(
                    (f"{verb} {bag}", f"wearing {bag}", f"wearing a {straps} whose straps show")
                    if verb == "carrying"
                    else (f"with {bag}", f"with the straps of {bag} over {own} shoulders")
                )
            return (
                f"{'wearing' if verb == 'carrying' else verb} {bag} on {own} back"
                if self._rng.random() < 0.6
                else f"{verb} {bag}"
            )
        if kind == "suitcase":
            return self._one_of(
                (f"pulling {bag}", f"pulling {bag} behind {'her' if own == 'her' else 'him'}")
            )
        where = {
            "handbag": f" in {own} hand",
            "shopping bag": f" in {own} hand",
            "briefcase": f" in {own} hand",
            "shoulder bag": f" on {own} shoulder",
            "tote bag": f" on {own} shoulder",
            "messenger bag": f" across {own} body",
        }[kind]
        return f"{verb} {bag}{where if self._rng.random() < 0.55 else ''}"

    def _gesture(self, view: View) -> str:
        return self._one_of(
            {
                "phone": ("looking at a phone", "holding a phone", "using a cell phone"),
                "call": ("talking on the phone", "holding a phone to the ear"),
                "pockets": (f"keeping {self.own} hands in {self.own} pockets",),
                "book": ("holding papers in both hands", "holding a white folder"),
            }[view.gesture]
        )

    def _action(self, view: View) -> tuple[str, str, str]:
        side = view.side
        seen, walks, stands, moves = words.ACTIONS[side if side in ("front", "back") else "side"]
        if not view.walking:
            moves = ("stands",)
        said = (self._one_of(choices) for choices in (seen, walks if view.walking else stands, moves))
        first, second, third = (text.format(own=self.own, side=side) for text in said)
        return first, second, third
