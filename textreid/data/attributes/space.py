"""Attributes as classes: their groups and values, their annotation files, and crops that carry them.

A group is a question with one answer of several, such as "upper_colour"; what is not known is -1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from textreid.data.attributes.annotation_files import with_annotations
from textreid.data.attributes.captions import VALUES, read_caption
from textreid.data.attributes.lexicon_en import NO, YES
from textreid.io.typed_path import typed_path
from textreid.recipe.data import DataRecipe
from textreid.types import PersonCrop

MENTIONED_WHERE_SEEN = ("hat", "backpack", "handbag", "suitcase", "bag")
"""What writers mention where they see it, so that captions without it mean that it is not there."""


@dataclass(frozen=True)
class AttributeSpace:
    """The attribute groups of a data set, in a fixed order.

    Attributes:
        groups: group -> its values; the position of a value is its class.
    """

    groups: Mapping[str, tuple[str, ...]]

    def encode(self, attributes: Mapping[str, str]) -> Tensor:
        """[A] int64, the class of each group's value; -1 where it is missing, or none of the group's values.

        Args:
            attributes: group -> value, as `PersonCrop.attributes`.
        """
        return torch.tensor(
            [
                values.index(attributes[group]) if attributes.get(group) in values else -1
                for group, values in self.groups.items()
            ],
            dtype=torch.int64,
        )

    def decode(self, classes: Sequence[int]) -> dict[str, str]:
        """The values that `encode` turned into these classes; those of -1 are left out.

        Args:
            classes: [A].
        """
        named = zip(self.groups.items(), classes, strict=True)
        return {group: values[number] for (group, values), number in named if number >= 0}

    def table(self, crops: Sequence[PersonCrop]) -> Tensor:
        """[N, A] int64, the row of each crop as `encode` gives it."""
        rows = [self.encode(crop.attributes) for crop in crops]
        return torch.stack(rows) if rows else torch.empty(0, len(self.groups), dtype=torch.int64)


def attribute_space(crops: Iterable[PersonCrop], *, groups: Sequence[str] = ()) -> AttributeSpace:
    """The groups in which these crops differ, with the values that occur, both in alphabetical order.

    A group of one value is left out: there is nothing to tell apart.

    Args:
        crops: the training data.
        groups: only these, in this order; all by default.
    """
    found: dict[str, set[str]] = {}
    for crop in crops:
        for group, value in crop.attributes.items():
            found.setdefault(group, set()).add(value)
    chosen = [group for group in (groups or sorted(found)) if len(found.get(group, ())) > 1]
    return AttributeSpace({group: tuple(sorted(found[group])) for group in chosen})


def with_attributes(crops: Sequence[PersonCrop], recipe: DataRecipe) -> list[PersonCrop]:
    """The crops with the attributes that the recipe asks for; those they have already stay as they are.

    Args:
        crops: of the data set.
        recipe: `attributes` says where from: "" leaves the crops alone, "captions" reads them from those
            (see `textreid.data.attributes.captions`), anything else is the path of an annotation file.

    Raises:
        InputError: the annotation file cannot be read.
    """
    if not recipe.attributes:
        return list(crops)
    if recipe.attributes == "captions":
        return [replace(c, attributes={**vote_on_attributes(c.captions), **c.attributes}) for c in crops]
    return with_annotations(crops, typed_path(recipe.attributes))


def vote_on_attributes(captions: Sequence[str]) -> dict[str, str]:
    """What all captions of one image say together.

    The value that most of them give holds; where two are equally frequent, none does. Bags and hats that no
    caption mentions are taken for absent, see `MENTIONED_WHERE_SEEN`.

    Args:
        captions: of the image; none give nothing.
    """
    read = [read_caption(caption) for caption in captions]
    votes = {group: Counter(told[group] for told in read if group in told) for group in VALUES}
    agreed = {group: value for group, counts in votes.items() if (value := _most(counts))}
    unclear = agreed.get("bag") == YES  # "a bag" may be of any kind
    absent: Sequence[str] = () if not captions else ("hat",) if unclear else MENTIONED_WHERE_SEEN
    return {**{group: NO for group in absent if not votes[group]}, **agreed}


def _most(counts: Counter[str]) -> str:
    top = counts.most_common(2)
    return "" if not top or (len(top) == 2 and top[0][1] == top[1][1]) else top[0][0]
