"""The same image more than once: under two names, two people, or among what a query searches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from textreid.data.tools.doctor.finding import Crops, Finding, images_of, some
from textreid.types import JUNK, PersonCrop


def check_copies(crops: Crops, digests: Mapping[str, bytes]) -> Iterator[Finding]:
    """Images of equal pixels.

    Args:
        crops: split -> its crops.
        digests: id of a crop -> digest of its pixels, for those that could be read.
    """
    total = sum(map(len, crops.values()))
    same: dict[bytes, list[PersonCrop]] = defaultdict(list)
    for own in crops.values():
        for crop in own:
            if crop.id in digests and crop.person_id not in (None, JUNK):
                same[digests[crop.id]].append(crop)
    repeated = [own for own in same.values() if len(own) > 1]
    clashes = [own for own in repeated if len({crop.person_id for crop in own}) > 1]
    if clashes:
        pairs = (" = ".join(f"{crop.id} (person {crop.person_id})" for crop in own[:2]) for own in clashes)
        yield Finding(
            "fatal" if len(clashes) > total / 100 else "warning",
            f"{len(clashes)} images belong to two people at once: {some(pairs)}.",
            "Decide who it is: one of the two labels is wrong.",
            _side_by_side(clashes),
        )
    leaks = [own for own in repeated if _finds_itself(own, "query" in crops)]
    if leaks:
        yield Finding(
            "fatal",
            f"{len(leaks)} queries lie in their own gallery, as the same file or as a copy: {_pairs(leaks)}.",
            "Take them out of one of the two: a query that finds itself measures nothing.",
            _side_by_side(leaks),
        )
    others = [own for own in repeated if own not in clashes and own not in leaks]
    if others:
        yield Finding(
            "warning",
            f"{len(others)} images occur more than once: {_pairs(others)}.",
            "Leave one of each: the others teach nothing and count twice.",
            _side_by_side(others),
        )


def _finds_itself(own: Sequence[PersonCrop], has_queries: bool) -> bool:
    """Whether one of these equal images searches among others of them."""
    splits = Counter(crop.split for crop in own if crop.split in ("query", "gallery") or not crop.captions)
    if splits["val"] > 1 or (has_queries and splits["query"] and splits["gallery"]):
        return True
    return not has_queries and splits["test"] > 1


def _pairs(repeated: Sequence[Sequence[PersonCrop]]) -> str:
    return some(" = ".join(crop.id for crop in own[:2]) for own in repeated)


def _side_by_side(repeated: Sequence[Sequence[PersonCrop]]) -> tuple[Path, ...]:
    return images_of(crop for own in repeated for crop in own[:2])
