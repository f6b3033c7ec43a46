"""A flipped bit in a page of this kind of an SQLite file."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.helpers.faults.tried import tried

HEADER_BYTES = 100
KINDS = {2: "index above leaves", 5: "table above leaves", 10: "index leaf", 13: "table leaf"}
"""By the first byte of a page: what part of a tree it is. All others hold what is too long for a leaf."""

OTHERS = "overflow"
HEADER = "header"
ALL_KINDS = (HEADER, *KINDS.values(), OTHERS)


def flips(database: bytes, kind: str, count: int, rng: random.Random) -> Iterator[bytes]:
    """Copies of a database, each with one bit flipped in a page of this kind, or in the file's header.

    Raises:
        IndexError: the database has no such page.
    """
    places = [range(HEADER_BYTES)] if kind == HEADER else list(pages(database)[kind])
    for _ in range(count):
        place = rng.choice(rng.choice(places))
        flipped = bytearray(database)
        flipped[place] ^= 1 << rng.randrange(8)
        tried()
        yield bytes(flipped)


def pages(database: bytes) -> dict[str, list[range]]:
    """The places of the pages of each kind; of the first page, what follows the header."""
    size = int.from_bytes(database[16:18], "big")
    found: dict[str, list[range]] = {kind: [] for kind in (*KINDS.values(), OTHERS)}
    for start in range(0, len(database), size):
        first = start or HEADER_BYTES
        found[KINDS.get(database[first], OTHERS)].append(range(first, start + size))
    return found
