"""Queries that lie in their own gallery: found by the bytes of their files."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from textreid.types import PersonCrop


def count_copies(queries: Sequence[PersonCrop], gallery: Sequence[PersonCrop]) -> int:
    """How many queries have a file that the gallery holds too, under whatever name.

    A crop that is in both sequences is not a copy of itself. Only files of equal size are read; those that
    are not there are passed over.
    """

    def itself(crop: PersonCrop) -> set[str]:
        return {crop.id} if queries == gallery else set()

    asked, searched = _by_size(queries), _by_size(gallery)
    found = 0
    for size in asked.keys() & searched.keys():
        if len({crop.id for crop in (*asked[size], *searched[size])}) < 2:
            continue
        holders = defaultdict(set)
        for crop in searched[size]:
            holders[_digest(crop.image)].add(crop.id)
        found += sum(bool(holders[_digest(crop.image)] - itself(crop)) for crop in asked[size])
    return found


def _by_size(crops: Iterable[PersonCrop]) -> dict[int, list[PersonCrop]]:
    sizes = defaultdict(list)
    for crop in crops:
        try:
            sizes[crop.image.stat().st_size].append(crop)
        except OSError:  # whoever opens it says so
            continue
    return sizes


def _digest(path: Path) -> bytes:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
