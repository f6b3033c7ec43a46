"""How the words of captions are varied in training; everything draws from torch's generator.

See Wei and Zou, "EDA: Easy Data Augmentation Techniques", EMNLP 2019. For tokens see
`textreid.data.tokens`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch

from textreid.recipe.augment import TextRecipe

# Words that mean the same on a person, whatever stands beside them; upper and lower case follow the original.
SYNONYMS = (
    ("grey", "gray"),
    ("trousers", "pants"),
    ("sneakers", "trainers"),
    ("sweater", "jumper"),
    ("backpack", "rucksack"),
    ("handbag", "purse"),
    ("t-shirt", "tee shirt"),
    ("hoodie", "hooded sweatshirt"),
    ("woman", "lady"),
    ("man", "guy"),
    ("maroon", "burgundy"),
    ("violet", "purple"),
    ("plaid", "checkered", "checked"),
    ("blonde", "blond"),
    ("short-sleeved", "short sleeve"),
    ("long-sleeved", "long sleeve"),
    ("sunglasses", "dark glasses"),
    ("wears", "has on"),
    ("carrying", "holding"),
    ("elderly", "old"),
)
_OTHERS = {word: [other for other in words if other != word] for words in SYNONYMS for word in words}
_KNOWN = re.compile(
    r"(?<![\w-])(" + "|".join(sorted(map(re.escape, _OTHERS), key=len, reverse=True)) + r")(?![\w-])",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?<=[.,;!?])\s+|\s+(?=(?:and|with|wearing|carrying|holding)\b)", re.IGNORECASE)


def vary_caption(caption: str, recipe: TextRecipe) -> str:
    """The caption with its sentences shuffled, clauses left out, words replaced and left out, as asked.

    Args:
        caption: one or more sentences.
        recipe: `shuffle`, `clauses`, `synonyms` and `delete`; all zero gives the caption as it is and draws
            nothing.
    """
    if recipe.shuffle and bool(torch.rand(()) < recipe.shuffle):
        caption = shuffle_sentences(caption)
    if recipe.clauses:
        caption = delete_clauses(caption, recipe.clauses)
    if recipe.synonyms:
        caption = replace_synonyms(caption, recipe.synonyms)
    return delete_words(caption, recipe.delete) if recipe.delete else caption


def shuffle_sentences(caption: str) -> str:
    """The sentences in a random order; a pronoun may then stand before its noun."""
    sentences = re.split(r"(?<=[.!?])\s+", caption.strip())
    return " ".join(sentences[at] for at in torch.randperm(len(sentences)).tolist())


def replace_synonyms(caption: str, probability: float) -> str:
    """Each word or phrase of `SYNONYMS` becomes another of its meaning with this probability."""

    def other(match: re.Match[str]) -> str:
        word = match.group()
        if float(torch.rand(())) >= probability:
            return word
        choices = _OTHERS[word.lower()]
        chosen = choices[int(torch.randint(len(choices), ()))]
        return chosen.capitalize() if word[0].isupper() else chosen

    return _KNOWN.sub(other, caption)


def delete_clauses(caption: str, probability: float) -> str:
    """Each clause is left out with this probability; one always stays.

    A clause ends at a punctuation mark or before words such as "with" and "and". What is left describes the
    same person less fully, as people do who have not seen the image for long.
    """
    return _some(_CLAUSE.split(caption.strip()), probability)


def delete_words(caption: str, probability: float) -> str:
    """Each word is left out with this probability; one always stays."""
    return _some(caption.split(), probability)


def _some(parts: Sequence[str], probability: float) -> str:
    """The parts that are not left out with this probability, one at least, with blanks between."""
    if not parts:
        return ""
    stays = torch.rand(len(parts)) >= probability
    stays[int(torch.randint(len(parts), ()))] = True
    return " ".join(part for part, stay in zip(parts, stays.tolist(), strict=True) if stay)
