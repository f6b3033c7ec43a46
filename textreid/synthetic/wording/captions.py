"""Captions: what an annotator would write under a crop, from what the crop shows."""

from __future__ import annotations

import re

import numpy as np

from textreid.synthetic.drawing.seeding import rng as seeded
from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.pedestrians.pose import View
from textreid.synthetic.wording.facts import visible_facts
from textreid.synthetic.wording.phrases import Phrases, join

WRITERS = ("terse", "flowing")
_TOLD = {  # how readily each fact is told; what is above 1 survives a low `keep`
    "upper": 9.0,
    "lower": 9.0,
    "umbrella": 9.0,
    "print": 1.08,
    "bag": 1.06,
    "hat": 1.06,
    "inner": 1.0,
    "shoes": 0.86,
    "hair": 0.9,
    "glasses": 0.7,
    "gesture": 0.8,
    "scarf": 1.0,
}


def caption(
    person: Pedestrian, view: View, seed: int, *, writer: str | None = None, keep: float = 0.88
) -> str:
    """Describe one view of a person in English.

    Only what the view shows is mentioned: no glasses from behind, no shoes behind a wall, a backpack's straps
    from the front. Appearance alone is described.

    Args:
        person: who.
        view: the moment.
        seed: decides words, order and omissions.
        writer: "terse" (several short sentences) or "flowing" (one long one); None chooses by seed.
        keep: 0..1, how many of the visible things are mentioned; the clothes always are.

    Returns:
        One caption of about 15 to 45 words.
    """
    rng = seeded(seed, "caption", person.number)
    if writer is None:
        writer = WRITERS[int(rng.integers(2))]
    phrases = Phrases(person, view, rng, _facts_to_tell(person, view, rng, keep))
    return _terse(phrases, rng) if writer == "terse" else _flowing(phrases, rng)


def _facts_to_tell(person: Pedestrian, view: View, rng: np.random.Generator, keep: float) -> frozenset[str]:
    return frozenset(f for f in sorted(visible_facts(person, view)) if rng.random() < _TOLD[f] * keep)


def _terse(phrases: Phrases, rng: np.random.Generator) -> str:
    """Short sentences, the subject first."""
    one, she, wears = (
        phrases.person,
        phrases.pronoun.capitalize(),
        "is wearing" if rng.random() < 0.65 else "wears",
    )
    clothes = [p for p in (phrases.upper, phrases.lower, phrases.shoes) if p]
    looks = [p for p in (phrases.hair, phrases.glasses_had) if p]
    sentences: list[str] = []
    opening = int(rng.integers(4))
    if opening == 0 and looks:
        sentences.append(f"The {one} has {join(looks)}.")
        sentences.append(f"{she} {wears} {join(clothes)}.")
    elif opening == 1:
        sentences.append(f"A {one} {wears.removeprefix('is ')} {join(clothes)}.")
        if looks:
            sentences.append(f"{she} has {join(looks)}.")
    elif opening == 2 and looks:
        sentences.append(f"The {one} {wears} {join(clothes)} and has {join(looks)}.")
    else:
        first, rest = clothes[:1], clothes[1:]
        sentences.append(f"This {one} {wears} {join(first)}.")
        if rest:
            sentences.append(
                f"{she} also has on {join(rest)}." if rng.random() < 0.4 else f"{she} {wears} {join(rest)}."
            )
        if looks:
            sentences.append(f"{she} has {join(looks)}.")
    more = [
        p
        for p in (
            phrases.hat_worn,
            phrases.scarf_worn,
            phrases.bag_carried,
            phrases.umbrella_held,
            phrases.gesture_made,
        )
        if p
    ]
    while more:
        take = more[:2] if rng.random() < 0.55 else more[:1]
        more = more[len(take) :]
        sentences.append(f"{she} is {join(take)}.")
    if rng.random() < 0.35:
        sentences.append(f"{she} is {phrases.doing}.")
    return _tidy(" ".join(sentences))


def _flowing(phrases: Phrases, rng: np.random.Generator) -> str:
    """One sentence that puts everything in a row."""
    one = phrases.person
    looks = [p for p in (phrases.hair, phrases.glasses_had, phrases.hat_had) if p]
    clothes = join([p for p in (phrases.upper, phrases.lower, phrases.shoes, phrases.scarf_had) if p])
    extras = [p for p in (phrases.bag_with, phrases.umbrella_with, phrases.gesture_made) if p]
    having = f" with {join(looks)}" if looks else ""
    tail = f", {join(extras)}" if extras else ""
    form = int(rng.integers(6))
    if form == 0:
        text = f"{phrases.seen}, a {one}{having} {phrases.moves} in {clothes}{tail}."
    elif form == 1:
        text = f"A {one}{having}, {phrases.doing}, wearing {clothes}{tail}."
    elif form == 2:
        text = f"A {one} in {clothes}{having.replace(' with', ', with', 1)}{tail}."
    elif form == 3 and looks:
        text = f"{phrases.doing.capitalize()}, this {one} has {join([*looks, clothes])}{tail}."
    elif form == 3:
        text = f"{phrases.doing.capitalize()}, this {one} wears {clothes}{tail}."
    elif form == 4:
        text = f"{clothes[0].upper() + clothes[1:]} on a {one}{having}{tail}, {phrases.doing}."
    else:
        text = f"A {one}{having} is dressed in {clothes}{tail}."
    return _tidy(text)


def _tidy(text: str) -> str:
    """Mend articles: "a orange bag" becomes "an orange bag"."""
    return re.sub(r"\b([Aa]) (?=[aeio]|um)", r"\1n ", text)
