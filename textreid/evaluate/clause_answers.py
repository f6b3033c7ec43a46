"""Descriptions of one clause, two, three and more, and who in a gallery answers to them.

A short description fits many people, and whoever wears what it says is a right answer: the annotations name
one person alone, so captions are asked instead. Who says all of it is right, who contradicts it is a
stranger, and who does neither counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from textreid.data.attributes.captions import read_caption
from textreid.data.attributes.clauses import cut_to_clauses
from textreid.types import PersonCrop

CLAUSES = 4
"""Classes of descriptions: of one clause, two, three, and whole captions."""

RIGHT, STRANGER, UNCLEAR = 1, 0, -1

Told = Mapping[str, set[str]]
"""Attribute group -> everything that captions of one person say of it."""


@dataclass(frozen=True)
class Asked:
    """One description.

    Attributes:
        text: what is asked.
        clauses: its class, from 1.
        person: whom it was written about.
        says: attribute group -> value.
    """

    text: str
    clauses: int
    person: int
    says: Mapping[str, str]


def ask_in_clauses(crops: Iterable[PersonCrop]) -> list[Asked]:
    """Every caption cut to one, two and three clauses, and whole; those that say nothing are left out."""
    found = []
    for crop in crops:
        for caption in crop.captions:
            texts = [*(cut_to_clauses(caption, count) for count in range(1, CLAUSES)), caption]
            for number, text in enumerate(texts, start=1):
                if text and crop.person_id is not None and (says := read_caption(text)):
                    found.append(Asked(text, number, crop.person_id, says))
    return found


def tell_of_persons(crops: Iterable[PersonCrop]) -> dict[int, Told]:
    """What all captions of each person say together."""
    told: dict[int, dict[str, set[str]]] = {}
    for crop in crops:
        of_person = told.setdefault(crop.person_id or 0, {})
        for caption in crop.captions:
            for group, value in read_caption(caption).items():
                of_person.setdefault(group, set()).add(value)
    return dict(told)


def answers(asked: Asked, persons: Sequence[int], told: Mapping[int, Told]) -> np.ndarray:
    """[G] int64, what each of G images is to a description: `RIGHT`, `STRANGER` or `UNCLEAR`.

    Args:
        asked: the description.
        persons: [G], who is on each image.
        told: of every person.
    """
    by_person = {person: _answer(asked, person, told[person]) for person in set(persons)}
    return np.array([by_person[person] for person in persons], np.int64)


def _answer(asked: Asked, person: int, told: Told) -> int:
    if person == asked.person or all(value in told.get(group, ()) for group, value in asked.says.items()):
        return RIGHT
    contradicted = any(group in told and value not in told[group] for group, value in asked.says.items())
    return STRANGER if contradicted else UNCLEAR
