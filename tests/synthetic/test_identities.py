"""People differ in what one can see and say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest

from textreid.errors import InputError
from textreid.synthetic import Pedestrian, sample_pedestrians
from textreid.synthetic.drawing.palette import alike

PEOPLE = sample_pedestrians(150, seed=21)
LEAST = {  # different values that 150 people show
    "sex": 2,
    "age": 4,
    "build": 3,
    "hair": 7,
    "hat": 4,
    "glasses": 3,
    "upper": 11,
    "sleeves": 3,
    "upper_colour": 18,
    "upper_pattern": 7,
    "lower": 8,
    "shoes": 5,
    "bag": 8,
}


def told_apart(one: Pedestrian, other: Pedestrian) -> int:
    """Salient things that differ, counted plainly: kinds by word, colours unless easily confused."""
    kinds = sum(
        getattr(one, name) != getattr(other, name)
        for name in ("sex", "hair", "hat", "upper", "sleeves", "upper_pattern", "lower", "bag")
    )
    colours = sum(
        not alike(getattr(one, name), getattr(other, name))
        for name in ("upper_colour", "lower_colour", "shoe_colour", "umbrella")
    )
    return kinds + colours + ((one.age == "child") != (other.age == "child"))


def test_any_two_people_differ_in_three_salient_things() -> None:
    assert min(told_apart(a, b) for a, b in combinations(PEOPLE, 2)) >= 3


def test_people_are_varied() -> None:
    for name, least in LEAST.items():
        assert len(Counter(getattr(p, name) for p in PEOPLE)) >= least, name
    assert 0.4 < sum(p.sex == "male" for p in PEOPLE) / len(PEOPLE) < 0.6
    assert 1 <= sum(p.umbrella is not None for p in PEOPLE) < 20


def test_people_make_sense() -> None:
    for person in PEOPLE:
        assert (person.upper == "dress") == (person.lower == "none")
        assert (person.bag == "none") == (person.bag_colour is None)
        assert (person.hat == "none") == (person.hat_colour is None)
        assert (person.upper_pattern == "plain") == (person.upper_second is None)
        if person.sex == "male":
            assert person.upper not in ("dress", "blouse")
            assert "skirt" not in person.lower


def test_attributes_are_words() -> None:
    attributes = PEOPLE[0].attributes()
    assert set(attributes) >= {"sex", "age", "upper", "upper_colour", "bag", "umbrella"}
    assert all(isinstance(value, str) and value for value in attributes.values())
    assert not any("skin" in name or "race" in name for name in attributes)


def test_an_unknown_garment_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match=r"upper is 'toga'; choose one of t-shirt"):
        replace(PEOPLE[0], upper="toga")
