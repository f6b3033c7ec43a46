"""A caption says what the view shows, in the colours the person wears, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.helpers import drawn_colours as reading
from textreid.synthetic import Pedestrian, View, caption, sample_pedestrians
from textreid.synthetic.drawing.seeding import rng

PEOPLE = sample_pedestrians(120, seed=8)
SEEN = [(p, View.sample(rng(8, p.number, k), p)) for p in PEOPLE for k in range(3)]
SAID = [(p, v, caption(p, v, k, writer=w)) for k, (p, v) in enumerate(SEEN) for w in ("terse", "flowing")]
COLOURS = {
    "upper_colour", "upper_second", "inner_colour", "lower_colour", "shoe_colour", "bag_colour", "hat_colour",
    "umbrella", "scarf",
}  # fmt: skip


def worn(person: Pedestrian) -> set[str]:
    return {getattr(person, name) for name in COLOURS} - {None}


def views(person: Pedestrian, **changes: float) -> list[str]:
    return [caption(person, replace(View(), **changes), seed, keep=1.0).lower() for seed in range(12)]


def test_every_caption_reads_like_a_sentence() -> None:
    for _, _, text in SAID:
        assert re.fullmatch(r"[A-Z][A-Za-z ,.'-]+\.", text), text
        assert "  " not in text
        assert " ." not in text
        assert ",," not in text
        assert "None" not in text
        assert 5 <= len(text.split()) <= 60, text
        assert not re.search(r"\b[Aa] [aeiou]", text), text
        assert not re.search(r"\b[Aa]n [^aeiou\W]", text), text


def test_the_sex_said_is_the_sex_drawn() -> None:
    for person, _, text in SAID:
        assert reading.sexes(text) == {person.sex}, text


def test_every_colour_said_is_worn() -> None:
    for person, _, text in SAID:
        hair = {"grey": "grey", "brown": "brown", "black": "black", "red": "red"}.get(person.hair_colour)
        allowed = worn(person) | {
            hair,
            "white",
            "brown",
            "green",
        }  # a white folder; green and brown camouflage
        for word in reading.colour_words(reading.normal(text)):
            assert reading.COLOUR_OF[word] & allowed, f"{word!r} in {text!r} of {person}"


def test_legs_are_described_as_they_are() -> None:
    told = 0
    for person, _, text in SAID:
        for colours, noun in reading.before(text, "|".join(reading.LOWER_OF)):
            told += 1
            assert person.lower in reading.LOWER_OF[noun], text
            words = reading.colour_words(colours)
            assert words, text
            assert person.lower_colour in set.union(*(reading.COLOUR_OF[w] for w in words)), text
    assert told > 0.8 * sum(person.lower != "none" and view.hidden < 0.32 for person, view, _ in SAID)


def test_shoes_are_described_as_they_are() -> None:
    told = 0
    for person, view, text in SAID:
        for colours, _ in reading.before(text, reading.SHOE_WORDS):
            told += 1
            assert view.hidden < 0.04
            words = reading.colour_words(colours)
            assert words, text
            assert person.shoe_colour in set.union(*(reading.COLOUR_OF[w] for w in words)), text
    assert told > 200


def test_bags_are_described_as_they_are() -> None:
    told = 0
    for person, _, text in SAID:
        for noun, kind in reading.BAG_OF.items():
            if re.search(rf"\b{noun}\b", reading.normal(text)):
                told += 1
                assert person.bag == kind, text
    assert told > 100


def test_what_a_view_hides_is_not_told() -> None:
    for person, view, text in SAID:
        low = text.lower()
        if view.side == "back":
            assert not re.search(r"glasses|logo|print on|design|scarf|over a", low), text
            assert person.inner_colour is None or "open" not in low.replace("open sandals", "")
        if view.hidden > 0.32:
            assert not reading.before(text, "|".join(reading.LOWER_OF)), text
        if person.glasses == "none":
            assert "glasses" not in low


def test_a_bag_on_the_far_side_is_not_told() -> None:
    person = next(p for p in PEOPLE if p.bag == "shoulder bag")
    assert not any(re.search(r"\bbag\b|purse", text) for text in views(person, yaw=90.0))
    assert any(re.search(r"\bbag\b|purse", text) for text in views(person, yaw=-90.0))


def test_direction_and_gait_are_told_truly() -> None:
    person = PEOPLE[0]
    away = " ".join(views(person, yaw=180.0))
    assert re.search("behind|back to the camera|walking away|from the back", away)
    assert "facing the camera" not in away
    assert "towards the camera" not in away
    left = " ".join(views(person, yaw=-90.0))
    assert "left" in left
    assert "right" not in left
    standing = " ".join(caption(person, View(walking=False), seed) for seed in range(20)).lower()
    assert "stand" in standing
    assert "walk" not in standing


def test_appearance_only() -> None:
    forbidden = (
        r"\b(skin|race|asian|african|caucasian|european|latin\w*|hispanic|indian|arab|ethnic\w*|complexion)\b"
    )
    assert not any(re.search(forbidden, text.lower()) for _, _, text in SAID)


def test_two_writers() -> None:
    terse = [caption(p, v, k, writer="terse") for k, (p, v) in enumerate(SEEN)]
    flowing = [caption(p, v, k, writer="flowing") for k, (p, v) in enumerate(SEEN)]
    assert all(text.count(".") == 1 for text in flowing)
    assert sum(text.count(".") for text in terse) > 2.2 * len(terse)


def test_captions_vary_in_words_and_in_what_they_leave_out() -> None:
    person, view = SEEN[0]
    texts = {caption(person, view, seed) for seed in range(60)}
    assert len(texts) > 50
    assert len({len(text.split()) for text in texts}) > 8
    words = {word for _, _, text in SAID for word in re.findall(r"[a-z-]+", text.lower())}
    assert {
        "pants",
        "trousers",
        "slacks",
        "purse",
        "handbag",
        "rucksack",
        "gray",
        "grey",
        "sneakers",
    } <= words


@pytest.mark.parametrize(("keep", "least", "most"), [(1.0, 0.95, 1.0), (0.3, 0.1, 0.55)])
def test_keep_sets_how_much_is_told(keep: float, least: float, most: float) -> None:
    carrying = [(p, View(yaw=180.0)) for p in PEOPLE if p.bag == "backpack"]
    told = [
        bool(re.search("backpack|rucksack|back pack|book bag", caption(p, v, s, keep=keep)))
        for s in range(6)
        for p, v in carrying
    ]
    assert least <= sum(told) / len(told) <= most
