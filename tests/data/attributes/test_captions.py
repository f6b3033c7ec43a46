"""Captions of drawn people are read back as what was drawn; captions by hand as what they say."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textreid.data.attributes import lexicon_en as caption_words
from textreid.data.attributes.captions import VALUES, read_caption
from textreid.synthetic import Pedestrian, View, caption, sample_pedestrians
from textreid.synthetic.drawing.seeding import rng
from textreid.synthetic.wording.facts import visible_facts

PEOPLE = sample_pedestrians(250, seed=31)
SAID = [
    (person, view, caption(person, view, seed, writer=writer, keep=1.0))
    for seed, person in enumerate(PEOPLE)
    for view in (View.sample(rng(31, person.number), person),)
    for writer in ("terse", "flowing")
]
COARSE = {  # colours of the drawn people -> those of captions
    "dark grey": "grey", "light grey": "grey", "dark red": "red", "dark green": "green", "olive": "green",
    "light blue": "blue", "navy": "blue",
}  # fmt: skip
GARMENTS = {  # what is drawn -> what its words may mean beside itself
    "t-shirt": {"shirt"}, "polo shirt": {"shirt"}, "blouse": {"top", "shirt"}, "tank top": set(),
    "leggings": set(), "cropped trousers": set(), "jeans": set(), "long skirt": {"skirt"},
    "sneakers": {"shoes"}, "flats": {"shoes"},
}  # fmt: skip
BAGS = {
    "backpack": {"backpack"}, "handbag": {"handbag"}, "shoulder bag": {"bag", "handbag"},
    "suitcase": {"suitcase"}, "messenger bag": {"bag"}, "tote bag": {"bag"},
    "shopping bag": {"bag"}, "briefcase": {"bag"},
}  # fmt: skip
HAIR_LENGTH = {"ponytail": {"long"}, "curly": set(), "bun": set()}


def allowed(person: Pedestrian, view: View) -> dict[str, set[str]]:
    """Group -> the values that a true caption may be read as; a group that is missing must not be told."""
    seen = visible_facts(person, view)

    def kinds(value: str) -> set[str]:
        return {value} | GARMENTS.get(value, set())

    def colours(*values: str | None) -> set[str]:
        return {COARSE.get(value, value) for value in values if value}

    upper = {"green", "brown"} if person.upper_pattern == "camouflage" else set()
    upper |= colours(person.upper_colour)
    truth = {
        "sex": {person.sex},
        "age": {person.age} - {"adult"},
        "hair_length": {person.hair} | HAIR_LENGTH.get(person.hair, set()),
        "hair_style": {person.hair},
        "hair_colour": colours(person.hair_colour),
        "upper": kinds(person.upper),
        "upper_colour": upper
        | (colours(person.upper_second) if person.upper_pattern == "striped" else set()),
        "upper_second_colour": upper | colours(person.upper_second),
        "upper_pattern": {person.upper_pattern},
        "sleeves": {person.sleeves},
    }
    if person.lower != "none":
        lower = kinds(person.lower)
        truth |= {"lower": lower, "lower_colour": colours(person.lower_colour)}
        truth |= {"lower_pattern": {person.lower_pattern}}
        truth["lower_length"] = {"short"} if person.lower in ("shorts", "skirt") else {"long"}
    truth["lower_type"] = {"dress"} if "skirt" in person.lower or person.upper == "dress" else {"trousers"}
    if "shoes" in seen:
        truth |= {"shoes": kinds(person.shoes), "shoe_colour": colours(person.shoe_colour)}
    if person.hat not in ("none", "hood"):
        truth |= {"hat": {"yes"}, "hat_colour": colours(person.hat_colour)}
    if "glasses" in seen:
        truth["glasses"] = {person.glasses}
    if "bag" in seen:
        truth |= {kind: {"yes"} for kind in BAGS[person.bag]}
        truth["bag_colour"] = colours(person.bag_colour)
    if person.scarf:
        truth["scarf"] = {"yes"}
    if person.umbrella:
        truth["umbrella"] = {"yes"}
    return truth


def test_nothing_is_read_that_was_not_drawn() -> None:
    for person, view, text in SAID:
        truth = allowed(person, view)
        for group, value in read_caption(text).items():
            assert value in truth.get(group, set()), f"{group}={value} from {text!r} of {person}"


def test_what_a_caption_names_is_read() -> None:
    for person, view, text in SAID:
        told = read_caption(text)
        expected = {"sex", "upper", "lower_type"}
        expected |= {"lower", "lower_colour"} if "lower" in visible_facts(person, view) else set()
        expected |= {"upper_colour"} if person.upper_pattern != "camouflage" else set()
        expected |= (
            {"shoe_colour"} if "shoes" in visible_facts(person, view) and "shoe" in text.lower() else set()
        )
        assert expected <= told.keys(), f"{expected - told.keys()} not read from {text!r}"


UPPERS = {"t-shirt": "t-shirt", "sweater": "jumper", "coat": "coat", "dress": "dress"}
LOWERS = {"trousers": "pants", "jeans": "jeans", "skirt": "skirt"}
TEMPLATES = (
    "A {sex} in a {upper_colour} {upper}, {lower_colour} {lower} and {shoe_colour} shoes, {hat} and {bag}.",
    "The {sex} wears {lower_colour} {lower} with a {upper_colour} {upper}. The shoes are {shoe_colour}."
    " One {hat} and {bag}.",
    "{shoe_colour} shoes, {lower_colour} {lower}; the {upper} is {upper_colour}. A {sex} goes {bag}, {hat}.",
)
CHOICES = {
    "sex": {"male": "man", "female": "lady"},
    "upper": UPPERS,
    "upper_colour": {"red": "burgundy", "grey": "light gray", "blue": "navy blue", "white": "white"},
    "lower": LOWERS,
    "lower_colour": {"black": "black", "beige": "khaki"},
    "shoe_colour": {"brown": "brown", "white": "off-white"},
    "hat": {"yes": "with a green hat", "no": "without a hat"},
    "backpack": {"yes": "with a backpack", "no": "without any bag"},
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_templates_come_back_in_every_combination(template: str) -> None:
    for values in product(*CHOICES.values()):
        truth = dict(zip(CHOICES, values, strict=True))
        words = {group: CHOICES[group][value] for group, value in truth.items()}
        told = read_caption(template.format(**words, bag=words["backpack"]))
        assert truth == {group: told.get(group) for group in truth}, template.format(
            **words, bag=words["backpack"]
        )


BY_HAND = {
    "A man without a hat.": {"sex": "male", "hat": "no"},
    "She isn't carrying a bag.": {
        "sex": "female", "bag": "no", "backpack": "no", "handbag": "no", "suitcase": "no",
    },
    "He wears neither a hat nor glasses.": {"sex": "male", "hat": "no", "glasses": "no"},
    "No hat, scarf or glasses.": {"hat": "no", "scarf": "no", "glasses": "no"},
    "He has no hat and a black rucksack.": {
        "sex": "male", "hat": "no", "backpack": "yes", "bag_colour": "black",
    },
    "Without a backpack, but with a blue umbrella.": {"backpack": "no", "umbrella": "yes"},
    "a white shirt with blue jeans": {
        "upper": "shirt", "upper_colour": "white", "lower": "jeans", "lower_colour": "blue",
        "lower_length": "long", "lower_type": "trousers",
    },
    "A red and black jacket.": {"upper": "jacket", "upper_colour": "red", "upper_second_colour": "black"},
    "black/white sneakers": {"shoes": "sneakers", "shoe_colour": "black"},
    "A woman in black, white shoes.": {"sex": "female", "shoes": "shoes", "shoe_colour": "white"},
    "The shirt is grey. The shirt has yellow stripes.": {
        "upper": "shirt", "upper_colour": "grey", "upper_second_colour": "yellow", "upper_pattern": "striped",
    },
    "She holds her jacket.": {"sex": "female"},
    "A gray shirt with yellow stripes": {
        "upper": "shirt", "upper_colour": "grey", "upper_second_colour": "yellow", "upper_pattern": "striped",
    },
    "a red, white and blue plaid shirt": {
        "upper": "shirt", "upper_colour": "red", "upper_second_colour": "white", "upper_pattern": "checked",
    },
    "a green jacket over a white t-shirt": {"upper": "jacket", "upper_colour": "green"},
    "a white t-shirt under a green jacket": {"upper": "jacket", "upper_colour": "green"},
    "a shirt over a black t-shirt": {"upper": "shirt"},
    "wearing a blue coat with a pink sweater underneath": {"upper": "coat", "upper_colour": "blue"},
    "He is holding a brown jacket.": {"sex": "male"},
    "A red sweater tied around her waist.": {"sex": "female"},
    "a black coat or dress": {"upper_colour": "black"},
    "She holds a cap or a bag.": {"sex": "female"},
    "black or dark blue trousers": {"lower": "trousers", "lower_length": "long", "lower_type": "trousers"},
    "a reddish-brown long-sleeved blouse": {"upper": "blouse", "upper_colour": "brown", "sleeves": "long"},
    "a purple top with short sleeves": {"upper": "top", "upper_colour": "purple", "sleeves": "short"},
    "a sleeveless pink dress": {
        "upper": "dress", "upper_colour": "pink", "sleeves": "none", "lower_type": "dress",
    },
    "knee-length denim shorts": {"lower": "shorts", "lower_length": "short", "lower_type": "trousers"},
    "a long black skirt": {
        "lower": "skirt", "lower_colour": "black", "lower_length": "long", "lower_type": "dress",
    },
    "Her long dark hair is tied back in a ponytail.": {
        "sex": "female", "hair_length": "long", "hair_style": "ponytail",
    },
    "a short-haired woman": {"sex": "female", "hair_length": "short"},
    "His hair is short and black.": {"sex": "male", "hair_length": "short", "hair_colour": "black"},
    "A bald man": {"sex": "male", "hair_length": "bald"},
    "an older gentleman with a shaved head": {"sex": "male", "age": "elderly", "hair_length": "bald"},
    "Woman with dirty blonde hair in a bun": {"sex": "female", "hair_style": "bun", "hair_colour": "blond"},
    "a checked shirt of white and black, dark red shorts": {
        "upper": "shirt", "upper_pattern": "checked", "lower": "shorts", "lower_colour": "red",
        "lower_length": "short", "lower_type": "trousers",
    },
    "carrying bags": {"bag": "yes"},
    "a little girl holding a woman's hand": {"sex": "female", "age": "child"},
    "A teenager in a grey hooded sweatshirt": {"age": "teenager", "upper": "hoodie", "upper_colour": "grey"},
    "a middle-aged person": {"age": "adult"},
    "A man wears sunglasses and a white baseball cap": {
        "sex": "male", "glasses": "sunglasses", "hat": "yes", "hat_colour": "white",
    },
    "carrying a brown leather purse on her arm": {"sex": "female", "handbag": "yes", "bag_colour": "brown"},
    "pulling a purple rolling suitcase": {"suitcase": "yes", "bag_colour": "purple"},
    "a green backpack and a plastic bag": {"backpack": "yes", "bag": "yes", "bag_colour": "green"},
    "wearing grey suit pants and black dress shoes": {
        "lower": "trousers", "lower_colour": "grey", "lower_length": "long", "lower_type": "trousers",
        "shoes": "shoes", "shoe_colour": "black",
    },
    "white sneakers with red laces": {"shoes": "sneakers", "shoe_colour": "white"},
    "a black belt and a yellow car": {},
    "": {},
}  # fmt: skip


@pytest.mark.parametrize("text", BY_HAND, ids=lambda text: text or "nothing")
def test_captions_by_hand(text: str) -> None:
    assert read_caption(text) == BY_HAND[text]


@pytest.mark.parametrize(
    "word", ["black", "white", "asian", "african", "caucasian", "brown", "hispanic", "european"]
)
def test_where_somebody_comes_from_is_never_read(word: str) -> None:
    """Words for people and skin change nothing: the same is read without them."""
    told = read_caption(f"A {word} man with {word} skin in a red shirt.")
    assert told == read_caption("A man in a red shirt.")
    assert not {"race", "ethnicity", "skin", "origin"} & set(VALUES)


WORDS = (
    "a", "the", "no", "not", "without", "or", "and", ",", ".", "/", "with", "is", "red", "black", "hat",
    "bag", "shirt", "hair", "long", "over", "under", "stripes", "sleeves",
)  # fmt: skip


@given(st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(value in VALUES[group] for group, value in read_caption(text).items())


def test_british_and_american_spelling_are_one() -> None:
    british = "A man in a grey jumper and light-coloured trousers."
    american = "A man in a gray sweater and light-colored pants."
    assert read_caption(british) == read_caption(american)


WORN = [
    (group, value, phrase)
    for group, lists in (
        ("upper", caption_words.UPPERS),
        ("lower", caption_words.LOWERS),
        ("shoes", caption_words.SHOES),
        ("glasses", caption_words.GLASSES),
    )
    for value, phrases in lists.items()
    for phrase in phrases.split(", ")
]
HAD = [
    (kind, "yes", phrase) for kind, phrases in caption_words.BAGS.items() for phrase in phrases.split(", ")
]
HAD += [("hat", "yes", phrase) for phrase in caption_words.HATS.split(", ")]
TINTS = [(tint, phrase) for tint, phrases in caption_words.COLOURS.items() for phrase in phrases.split(", ")]


@pytest.mark.parametrize(("group", "value", "phrase"), WORN + HAD)
def test_every_listed_phrase_means_its_value(group: str, value: str, phrase: str) -> None:
    assert read_caption(f"Somebody with a {phrase}.").get(group) == value
    assert read_caption(f"Somebody in a bright orange {phrase} and nothing else.").get(group) == value


@pytest.mark.parametrize(("tint", "phrase"), TINTS)
def test_every_listed_colour_means_its_value(tint: str, phrase: str) -> None:
    assert read_caption(f"Somebody in a {phrase} shirt.")["upper_colour"] == tint
