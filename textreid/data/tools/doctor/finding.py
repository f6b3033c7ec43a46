"""One thing that the doctor noticed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from textreid.types import DISTRACTOR, JUNK, PersonCrop

MAX_EXAMPLES = 5

Crops = Mapping[str, Sequence[PersonCrop]]
"""Split -> its crops."""

Severity = Literal["fatal", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor noticed.

    Attributes:
        severity: "fatal" makes the numbers meaningless, "warning" makes them worse than they need be.
        what: what is wrong, with examples.
        remedy: what to do about it.
        images: files that show it, those that belong together side by side.
    """

    severity: Severity
    what: str
    remedy: str
    images: tuple[Path, ...] = ()


def some(items: Iterable[object]) -> str:
    """The first few of them, for a sentence."""
    names = [str(item) for item in items]
    return ", ".join(names[:MAX_EXAMPLES]) + (", ..." if len(names) > MAX_EXAMPLES else "")


def images_of(crops: Iterable[PersonCrop]) -> tuple[Path, ...]:
    """The files of the first few of them."""
    return tuple(crop.image for crop in crops)[:MAX_EXAMPLES]


def known_people(split: str, own: Iterable[PersonCrop]) -> set[int]:
    """The people of a split, without junk and distractors."""
    return {
        crop.person_id
        for crop in own
        if crop.person_id not in (None, JUNK) and not is_distractor(split, crop)
    }


def is_distractor(split: str, crop: PersonCrop) -> bool:
    """Whether an image is of the people nobody asks for; elsewhere 0 is a person like others."""
    return split == "gallery" and crop.person_id == DISTRACTOR
