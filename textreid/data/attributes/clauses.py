"""How much a description says: the garments, bags, hair and other things that it names, one a clause."""

from __future__ import annotations

import re

from textreid.data.attributes.grammar import plain, read_mentions

_SAID = ("upper", "lower", "shoes", "hat", "glasses", "scarf", "umbrella", "bag", "hair")
_EDGES = re.compile(
    r"\s*(?:[.,;:]|\b(?:and|with|who|carrying|holding|while|he|she|his|her|has|is|in|wearing|walking)\b|$)",
    re.IGNORECASE,
)


def count_clauses(text: str) -> int:
    """How many things a description names: 2 for "a man in a red shirt and jeans"."""
    return sum(mention.kind in _SAID for mention in read_mentions(plain(text)))


def cut_to_clauses(text: str, count: int) -> str | None:
    """The shortest beginning of a description that names so many things and ends where a clause does.

    Args:
        text: one or more sentences.
        count: from 1.

    Returns:
        The beginning; None where the description names fewer, or no end of a clause lies there.
    """
    for edge in _EDGES.finditer(text):
        beginning = text[: edge.start()].strip()
        named = count_clauses(beginning)
        if named >= count:
            return beginning if named == count else None
    return None
