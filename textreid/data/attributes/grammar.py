"""The parser of captions: their sentences become words of known kinds, and words become mentions of things.

Words are the longest known phrases of a sentence, each of one kind. A mention is a noun with what is said of
it, to its left ("a red and black striped jacket") or behind "is".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from textreid.data.attributes import lexicon_en as data

_CLOTHING = ("upper", "lower", "shoes", "hat", "bag")
_WORN = ("upper", "lower", "shoes", "hat", "glasses", "scarf")
_NOUNS = (*_CLOTHING, "glasses", "scarf", "umbrella", "hair", "head", "person", "part", "sleeves", "other")
_MODIFIERS = ("colour", "hair colour", "pattern", "length", "sleeves", "style", "age", "filler")
_DETERMINERS = ("determiner", "pronoun")
_JOINTS = ("and", "slash", "comma", "or")
_STRANGE = 3  # unknown words that a phrase may hold: "a white loose fitting linen shirt"
_Said = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Mention:
    """One noun of a caption, and what the caption says of it.

    Attributes:
        kind: of the noun, such as "upper" or "hair".
        value: which of that kind it names, such as "jacket"; "" where it may be several.
        said: kind of modifier -> the values said, in their order.
        denied: whether the caption says that it is not there.
        inner: whether it is worn under something else.
        worn: whether it is worn, not only carried.
    """

    kind: str
    value: str
    said: _Said
    denied: bool
    inner: bool
    worn: bool

    def first(self, kind: str) -> str:
        """The first value said of this kind, "" where there is none."""
        return next(iter(self.said.get(kind, ())), "")


@dataclass(frozen=True)
class _Word:
    kind: str
    value: str = ""


def read_mentions(text: str) -> list[Mention]:
    """Everything that a caption mentions, in its order; sleeves and patterns belong to their garment.

    Args:
        text: one or more sentences, as `plain` gives them.
    """
    sentences = [_words(sentence) for sentence in re.split(r"[.;!?]+", text)]
    return _joined([mention for sentence in sentences for mention in _mentions(sentence)])


def plain(caption: str) -> str:
    """The caption in lower case, without hyphens and possessives."""
    text = re.sub(r"[’‘`´]", "'", caption.lower())
    text = re.sub(r"(?<=\w)-+(?=\w)", " ", text)
    return re.sub(r"(?<!n)(?<!men)'s\b", "", text)


@cache
def _lexicon() -> dict[tuple[str, ...], _Word]:
    kinds: dict[str, Mapping[str, str]] = {
        "edge": {"": data.EDGES},
        "determiner": {"": data.DETERMINERS},
        "filler": {"": data.FILLERS},
        "be": {"": data.BE},
        "hold": {"": data.HOLD},
        "no": {"": data.NEGATIONS},
        "above": {"": data.ABOVE},
        "beneath": {"": data.BENEATH},
        "not worn": {"": data.NOT_WORN},
        "and": {"": "and, &, plus"},
        "or": {"": "or, nor"},
        "slash": {"": "/"},
        "comma": {"": "\\,, :, (, ), but"},
        "other": {"": data.OTHERS},
        "part": data.PATTERN_NOUNS,
        "age": data.AGES,
        "length": data.LENGTHS,
        "style": data.STYLES,
        "sleeves": data.SLEEVES,
        "pattern": data.PATTERNS,
        "hair colour": data.HAIR_COLOURS,
        "colour": data.COLOURS,
        "pronoun": data.PRONOUNS,
        "person": data.PEOPLE,
        "hair": {"": data.HAIR} | data.STYLE_NOUNS,
        "head": {"": data.HEAD},
        "glasses": data.GLASSES,
        "hat": {"": data.HATS},
        "scarf": {"": data.THINGS["scarf"]},
        "umbrella": {"": data.THINGS["umbrella"]},
        "bag": data.BAGS,
        "shoes": data.SHOES,
        "lower": data.LOWERS,
        "upper": data.UPPERS,
    }
    lexicon = {}
    for kind, values in kinds.items():
        for value, phrases in values.items():
            for phrase in re.split(r"(?<!\\), ?", phrases):
                lexicon[tuple(phrase.replace("\\", "").split())] = _Word(kind, value)
    return lexicon


def _words(sentence: str) -> list[_Word]:
    """The longest known phrases from left to right; anything else is a word of kind "strange"."""
    tokens = re.findall(r"[a-z0-9']+|[,:()/&]", sentence)
    lexicon, words, at = _lexicon(), [], 0
    longest = max(map(len, lexicon))
    while at < len(tokens):
        for length in range(min(longest, len(tokens) - at), 0, -1):
            word = lexicon.get(tuple(tokens[at : at + length]))
            if word or length == 1:
                words.append(word or _Word("strange", tokens[at]))
                at += length
                break
    return words


def _mentions(words: Sequence[_Word]) -> list[Mention]:
    """The nouns of a sentence in their order, each with what is said of it."""
    kinds = [*(word.kind for word in words), "", "", ""]
    denied = _denied(kinds)
    mentions: list[Mention] = []
    previous = -1
    for start, at, told in _phrases(words):
        kind, (after, next_one) = kinds[at], kinds[at + 1 : at + 3]
        before = kinds[start - 1] if start else ""
        mention = Mention(
            kind,
            words[at].value,
            said={**_behind(words, at + 1, of_hair=kind == "hair"), **told},
            denied=at in denied,
            inner=before == "above" or (after == "beneath" and next_one not in (*_DETERMINERS, "colour")),
            worn=kind not in _WORN or (before != "hold" and after != "not worn"),
        )
        last = mentions[-1] if mentions else None
        if last and not mention.denied and before in ("or", "slash") and previous == start - 2:
            mentions[-1:] = [replace(last, value="")] if last.kind == kind else []
        else:
            if last and before == "beneath" and last.kind == kind == "upper":
                mentions[-1] = replace(last, inner=True)
            mentions.append(mention)
        previous = at
    return mentions


def _phrases(words: Sequence[_Word]) -> list[tuple[int, int, _Said]]:
    """(first word of the phrase, its noun, what stands to the left of the noun), in their order.

    A word belongs to the first noun to its right.
    """
    phrases: list[tuple[int, int, _Said]] = []
    taken = len(words)
    for at in reversed(range(len(words))):
        if at < taken and words[at].kind in _NOUNS:
            taken, told = _left(words, at)
            start = taken
            while start and words[start - 1].kind in _DETERMINERS:
                start -= 1
            phrases.append((start, at, told))
    return phrases[::-1]


def _left(words: Sequence[_Word], at: int) -> tuple[int, _Said]:
    """Where the phrase of the noun at `at` starts, and what it says before the noun."""
    told: dict[str, tuple[str, ...]] = {}
    start, strange, listing, doubtful = at, 0, False, False
    while start:
        word, right = words[start - 1], words[start].kind
        kind = word.kind
        if kind in _CLOTHING and right in _CLOTHING and all(w.kind in _CLOTHING for w in words[start:at]):
            kind = "filler"  # the first half of "suit pants"
        elif kind == "part" and words[at].kind in ("upper", "lower"):
            kind = "pattern"  # "a stripe shirt"
        if kind in _MODIFIERS:
            if not kind == right == "colour":  # of "reddish brown" the last word is the colour
                told[kind] = (word.value, *told.get(kind, ()))
        elif kind == "strange" and strange < _STRANGE:
            strange += 1
        elif kind in _JOINTS and start > 1 and words[start - 2].kind in _MODIFIERS and right in _MODIFIERS:
            if kind == "comma" and words[start - 2].kind == "colour" and "colour" in told and not listing:
                break  # "in black, white shoes", but "a red, black and white shirt"
            listing = listing or kind != "comma"
            doubtful = doubtful or kind == "or"
        else:
            break
        start -= 1
    if doubtful:
        told.pop("colour", None)
    return start, told


def _behind(words: Sequence[_Word], at: int, *, of_hair: bool) -> _Said:
    """What is said after a noun: "is white and short", and of hair also "pulled back"."""
    told: dict[str, tuple[str, ...]] = {}
    be = at < len(words) and words[at].kind == "be"
    allowed = _MODIFIERS if be else ("style", "length") if of_hair else ()
    run: list[_Word] = []
    for here in range(at + be, len(words) + 1):
        word = words[here] if here < len(words) else _Word("end")
        if word.kind in allowed:
            run.append(word)
            continue
        if word.kind not in _NOUNS:  # else the run belongs to the next noun
            for said in run:
                told[said.kind] = (*told.get(said.kind, ()), said.value)
        run = []
        if not (be and word.kind in ("and", "slash")):
            break
    return told


def _denied(kinds: Sequence[str]) -> set[int]:
    """Positions of the nouns that a "no" or "without" reaches: the next, and those joined to it by "or"."""

    def next_noun(start: int) -> int | None:
        for at in range(start, min(start + 8, len(kinds))):
            if kinds[at] in ("and", "comma", "no"):
                return None
            if kinds[at] in _NOUNS and kinds[at] != "sleeves":
                while kinds[at] in _CLOTHING and kinds[at + 1] in _CLOTHING:
                    at += 1
                return at
        return None

    denied = set()
    for negation in (at for at, kind in enumerate(kinds) if kind == "no"):
        noun = next_noun(negation + 1)
        while noun is not None:
            denied.add(noun)
            joint, then = kinds[noun + 1 : noun + 3]
            goes_on = (
                joint == "or"
                or (joint == "comma" and "or" in kinds[noun : noun + 12])
                or (joint == "and" and then in _NOUNS)
            )
            noun = next_noun(noun + 2 + (joint == "comma" and then == "or")) if goes_on else None
    return denied


def _joined(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions with sleeves and patterns ("with red stripes") put to the garment that they belong to."""
    joined: list[Mention] = []
    for mention in mentions:
        uppers = [at for at, other in enumerate(joined) if other.kind == "upper"]
        if mention.kind == "part":
            if joined and joined[-1].kind in ("upper", "lower") and not mention.denied:
                joined[-1] = _adding(
                    joined[-1], "pattern", mention.value, second=mention.said.get("colour", ())
                )
        elif mention.kind == "sleeves":
            length = mention.value or mention.first("length")
            if uppers and not joined[uppers[-1]].first("sleeves") and not mention.denied:
                joined[uppers[-1]] = _adding(joined[uppers[-1]], "sleeves", length)
        else:
            joined.append(mention)
    return joined


def _adding(mention: Mention, kind: str, value: str, second: tuple[str, ...] = ()) -> Mention:
    said = dict(mention.said)
    if value:
        said[kind] = (*said.get(kind, ()), value)
    return replace(mention, said=said | {"second": (*said.get("second", ()), *second)})
