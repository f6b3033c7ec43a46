"""Reads a caption back with word lists of its own, as an independent check of the grammar."""

from __future__ import annotations

import re

COLOUR_OF = {
    "black": {"black"},
    "charcoal": {"dark grey"},
    "grey": {"grey", "light grey", "dark grey"},
    "white": {"white"},
    "red": {"red", "dark red"},
    "maroon": {"dark red"},
    "burgundy": {"dark red"},
    "pink": {"pink"},
    "orange": {"orange"},
    "yellow": {"yellow"},
    "green": {"green", "dark green", "olive", "teal"},
    "olive": {"olive"},
    "teal": {"teal"},
    "turquoise": {"teal"},
    "blue": {"blue", "light blue", "navy"},
    "navy": {"navy"},
    "purple": {"purple"},
    "violet": {"purple"},
    "brown": {"brown"},
    "beige": {"beige"},
    "tan": {"beige"},
    "khaki": {"beige"},
    "cream": {"beige"},
}
LOWER_OF = {
    "trousers": {"trousers", "cropped trousers"},
    "slacks": {"trousers"},
    "pants": {"trousers", "jeans", "leggings", "cropped trousers"},
    "jeans": {"jeans"},
    "leggings": {"leggings"},
    "shorts": {"shorts"},
    "skirt": {"skirt", "long skirt"},
    "capris": {"cropped trousers"},
}
SHOE_WORDS = r"sneakers|trainers|shoes|boots|sandals|flats"
BAG_OF = {
    "backpack": "backpack",
    "rucksack": "backpack",
    "back pack": "backpack",
    "book bag": "backpack",
    "suitcase": "suitcase",
    "trolley case": "suitcase",
    "briefcase": "briefcase",
    "laptop bag": "briefcase",
    "handbag": "handbag",
    "shopping bag": "shopping bag",
    "plastic bag": "shopping bag",
    "crossbody": "messenger bag",
    "messenger": "messenger bag",
    "tote": "tote bag",
}
MALE, FEMALE = r"\b(man|boy|guy|gentleman|male|he|his|him)\b", r"\b(woman|girl|lady|female|she|her)\b"
_COLOUR_WORD = "|".join(COLOUR_OF)


def normal(caption: str) -> str:
    """Lower case, one spelling of grey, two-word colours kept apart from plain ones."""
    text = caption.lower().replace("gray", "grey")
    return text.replace("blue-green", "teal").replace("royal blue", "blue").replace("wine red", "maroon")


def sexes(caption: str) -> set[str]:
    """The sexes that nouns and pronouns speak of."""
    text = normal(caption)
    return {name for name, words in (("male", MALE), ("female", FEMALE)) if re.search(words, text)}


def colour_words(phrase: str) -> list[str]:
    """The colour words in a phrase, in order."""
    return re.findall(rf"\b({_COLOUR_WORD})\b", phrase)


def before(caption: str, noun: str) -> list[tuple[str, str]]:
    """(colour words just before it, noun) for each place where a noun of the pattern stands."""
    text = re.sub(r"[,.]", " . ", normal(caption))
    found = []
    for match in re.finditer(rf"((?:[\w-]+ ){{0,6}}?)\b({noun})\b", text):
        words = match.group(1).split()
        for stop in ("and", "in", "with", "over", "a", "an", "of", "wears", "wearing", "has", "on"):
            if stop in words:
                words = words[len(words) - words[::-1].index(stop) :]
        found.append((" ".join(words), match.group(2)))
    return found
