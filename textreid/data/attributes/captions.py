"""What captions say a person looks like: a caption becomes {attribute group: value}.

The parser (`textreid.data.attributes.grammar`) finds what a caption mentions; here the mentions become
attributes. What is unsaid, doubtful ("a cap or a bag") or only carried ("holding a jacket") gives no value.
Of sex, age, hair, clothes and bags alone: nothing is ever read about where somebody comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textreid.data.attributes import lexicon_en as data
from textreid.data.attributes.grammar import Mention, plain, read_mentions
from textreid.data.attributes.lexicon_en import NO, VALUES, YES

__all__ = ["VALUES", "read_caption"]

_THINGS = ("hat", "glasses", "scarf", "umbrella", "bag")


def read_caption(caption: str) -> dict[str, str]:
    """The attributes that a caption tells.

    Args:
        caption: one or more English sentences, in British or American spelling.

    Returns:
        Attribute group -> value, a subset of `VALUES`; a group that is not told is not there.
    """
    text = plain(caption)
    mentions = read_mentions(text)
    told = _person(text, mentions) | _hair(mentions) | _upper(mentions) | _lower(mentions)
    told |= _shoes(mentions) | _things(mentions)
    return {group: told[group] for group in VALUES if told.get(group) in VALUES[group]}


def _person(text: str, mentions: Sequence[Mention]) -> dict[str, str]:
    """Sex and age of the first person named, who is the one described; else the sex of the pronouns."""
    told = {"sex": "", "age": ""}
    for mention in mentions:
        if mention.kind == "person" and not told["sex"]:
            told["sex"] = data.SEX.get(mention.value, "")
            young = mention.first("age") == "young" and mention.value in ("girl", "boy")  # may be a child
            age = mention.value if mention.value in data.AGES else "" if young else mention.first("age")
            told["age"] = told["age"] or age
    said = set(text.split())
    pronouns = {sex for sex, words in data.PRONOUNS.items() if said & set(words.split(", "))}
    if not told["sex"] and len(pronouns) == 1:
        told["sex"] = pronouns.pop()
    return told


def _hair(mentions: Sequence[Mention]) -> dict[str, str]:
    hair = [m for m in mentions if m.kind == "hair" and not m.denied]
    bald = any(m.kind == "hair" and not m.value and m.denied for m in mentions)
    bald = bald or any(m.kind in ("person", "head") and "bald" in m.said.get("length", ()) for m in mentions)
    styles = [style for m in hair for style in (m.value, m.first("style")) if style]
    return {
        "hair_length": "bald" if bald else _first(hair, "length"),
        "hair_colour": _first(hair, "hair colour") or _first(hair, "colour"),
        "hair_style": styles[-1] if styles else "",
    }


def _upper(mentions: Sequence[Mention]) -> dict[str, str]:
    worn = [m for m in mentions if m.kind == "upper" and m.worn and not m.denied]
    worn.sort(key=lambda m: (m.inner, -data.LAYERS.get(m.value, 0)))  # the outermost first
    told = _garment(worn, "upper")
    sleeves = _first([m for m in worn if m.value == told.get("upper")], "sleeves")
    return told | {"sleeves": sleeves or ("none" if told.get("upper") in data.SLEEVELESS else "")}


def _lower(mentions: Sequence[Mention]) -> dict[str, str]:
    worn = [m for m in mentions if m.kind == "lower" and m.worn and not m.denied]
    told = _garment(worn, "lower")
    kind = told.get("lower", "")
    length = data.LOWER_LENGTH.get(kind) or (_first(worn[:1], "length") if kind == "skirt" else "")
    dressed = any(m.kind == "upper" and m.value == "dress" and not m.denied for m in mentions)
    return told | {
        "lower_length": length,
        "lower_type": "dress" if dressed else data.LOWER_TYPE.get(kind, ""),
    }


def _garment(worn: Sequence[Mention], group: str) -> dict[str, str]:
    """Kind, colours and pattern of the first garment, and what is said of it elsewhere."""
    if not worn:
        return {}
    same = [m for m in worn if m.value == worn[0].value]
    colour = _first(same, "colour")
    others = [c for m in same for c in (*m.said.get("colour", ()), *m.said.get("second", ())) if c != colour]
    return {
        group: worn[0].value,
        f"{group}_colour": colour,
        f"{group}_second_colour": others[0] if others and colour else "",
        f"{group}_pattern": _first(same, "pattern"),
    }


def _shoes(mentions: Sequence[Mention]) -> dict[str, str]:
    worn = [m for m in mentions if m.kind == "shoes" and m.worn and not m.denied]
    return {"shoes": worn[0].value, "shoe_colour": _first(worn, "colour")} if worn else {}


def _things(mentions: Sequence[Mention]) -> dict[str, str]:
    """What somebody has or has not; no bag at all means none of any kind."""
    told: dict[str, str] = {}
    for m in mentions:
        if m.denied and m.kind in _THINGS:
            every_bag = m.kind == "bag" and m.value == "bag"
            told |= dict.fromkeys(data.BAGS if every_bag else [m.value or m.kind], NO)
    told |= {"glasses": NO} if told.pop("sunglasses", "") or "glasses" in told else {}
    had = [m for m in mentions if m.kind in _THINGS and m.worn and not m.denied]
    for m in had:
        told[m.value if m.kind == "bag" else m.kind] = m.value if m.kind == "glasses" else YES
    told["hat_colour"] = _first([m for m in had if m.kind == "hat"], "colour")
    told["bag_colour"] = _first([m for m in had if m.kind == "bag"], "colour")
    return told


def _first(mentions: Iterable[Mention], kind: str) -> str:
    return next((said for m in mentions if (said := m.first(kind))), "")
