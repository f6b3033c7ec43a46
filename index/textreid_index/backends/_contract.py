"""What a search backend promises, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from textreid_index.records import Record
from textreid_index.where import Where


@dataclass(frozen=True, eq=False)
class Block:
    """People to be added to a backend.

    Attributes:
        keys: [M] int64, rising; each person's number in the gallery, above all that were added before.
        vectors: [M, D] float32 of unit norm.
        read: reads the people's records, in the same order.
    """

    keys: np.ndarray
    vectors: np.ndarray
    read: Callable[[], Sequence[Record]]

    @cached_property
    def records(self) -> Sequence[Record]:
        """The M records, read when they are first asked for: by a backend that applies filters itself."""
        return self.read()


@dataclass(frozen=True, eq=False)
class Accepted:
    """Whom a search may return.

    Attributes:
        where: the filter, for a backend that translates it.
        read: reads the keys of all whom it accepts.
    """

    where: Where
    read: Callable[[], np.ndarray]

    @cached_property
    def keys(self) -> np.ndarray:
        """The keys [M] int64, rising, read when they are first asked for."""
        return self.read()


class VectorBackend(Protocol):
    """The class `Backend` of a backend's file: a cache of a gallery's vectors that proposes candidates.

    The gallery is the truth: it fills a backend anew whenever it has to, and computes the scores of the
    candidates itself from the stored vectors. So a backend may hold the vectors in whatever form serves it,
    here or on another machine; how good its own scores are decides only who is proposed.

    A subclass states `exact` and inherits `remove` where it cannot do it.

    Attributes:
        exact: whether it proposes the k people of largest inner product, by scores that are off by no more
            than D · 2⁻²³. An exact backend is asked again until no one who was left out can belong among the
            best; any other is asked once, and its hits say so (`Hits.exact`).
    """

    exact: bool

    def __init__(self, dim: int) -> None:
        """Make an empty backend for vectors of `dim` numbers."""

    def add(self, block: Block) -> None:
        """Take in people."""

    def remove(self, keys: np.ndarray) -> bool:
        """Forget the people with these keys ([M] int64, rising, all of them known).

        Returns:
            Whether it is done; False asks for a new backend to be filled without them. As inherited it can
            forget nobody.
        """
        return len(keys) == 0

    def search(self, queries: np.ndarray, k: int, accepted: Accepted | None) -> tuple[np.ndarray, np.ndarray]:
        """Propose k people for each query.

        Args:
            queries: [Q, D] float32 of unit norm.
            k: how many, at least 1; there may be fewer.
            accepted: whom to consider; None: everybody.

        Returns:
            Scores [Q, m] float32, falling, and keys [Q, m] int64. m ≤ k, and m < k only where no query has
            more; a query with fewer than m has the key -1 in the places left over. The order of near-equal
            scores is open.
        """
        ...
