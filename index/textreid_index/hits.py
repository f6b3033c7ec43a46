"""The answer to a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from textreid_index.records import Record


@dataclass(frozen=True)
class SearchHit:
    """One person found.

    Attributes:
        rank: 1 is the best.
        score: cosine of the query and the person, in [-1, 1]; larger is better.
        id: the person's id in the gallery.
        record: where and when the person was seen.
        match: probability that the description is of this person, where a model read both together to put
            the best hits into order; else None.
    """

    rank: int
    score: float
    id: str
    record: Record
    match: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The hit as plain values: rank, score, id, source, box, camera, time; match where there is one."""
        record = self.record
        match = {} if self.match is None else {"match": round(self.match, 6)}
        return {
            "rank": self.rank,
            "score": round(self.score, 6),
            "id": self.id,
            "source": record.source,
            "box": None if record.box is None else list(record.box),
            "camera": record.camera,
            "time": record.when,
            **match,
        }


@dataclass(frozen=True, eq=False)
class Hits(Sequence[SearchHit]):
    """The people found for one query, best first; equal scores are in order of id.

    Attributes:
        scores: [k] float32, falling unless the hits were re-ranked.
        records: k records.
        matches: [k] float32, see `SearchHit.match`, NaN for None; None for hits that were not re-ranked.
    """

    scores: np.ndarray
    records: tuple[Record, ...]
    matches: np.ndarray | None = None

    def first(self, k: int) -> Hits:
        """The k best."""
        matches = None if self.matches is None else self.matches[:k]
        return Hits(self.scores[:k], self.records[:k], matches)

    @property
    def ids(self) -> tuple[str, ...]:
        """The k ids, best first."""
        return tuple(record.id for record in self.records)

    def to_dicts(self) -> list[dict[str, Any]]:
        """What `--json` prints: one dictionary a hit."""
        return [hit.to_dict() for hit in self]

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, place: int) -> SearchHit: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[SearchHit, ...]: ...
    def __getitem__(self, place: int | slice) -> SearchHit | tuple[SearchHit, ...]:
        if isinstance(place, slice):
            return tuple(self[index] for index in range(*place.indices(len(self))))
        index = range(len(self))[place]
        record = self.records[index]
        match = None if self.matches is None or np.isnan(self.matches[index]) else float(self.matches[index])
        return SearchHit(index + 1, float(self.scores[index]), record.id, record, match)


@dataclass(frozen=True, eq=False)
class BatchHits(Sequence[Hits]):
    """The answers to Q queries, in their order; every answer has the same length k.

    Attributes:
        queries: Q ids of the queries.
        rows: Q answers.
    """

    queries: tuple[str, ...]
    rows: tuple[Hits, ...]

    @property
    def ids(self) -> np.ndarray:
        """[Q, k] ids as objects."""
        return np.array([hits.ids for hits in self.rows], dtype=object).reshape(len(self.rows), -1)

    @property
    def scores(self) -> np.ndarray:
        """[Q, k] float32 cosines."""
        return np.array([hits.scores for hits in self.rows], dtype=np.float32).reshape(len(self.rows), -1)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Hits: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Hits, ...]: ...
    def __getitem__(self, place: int | slice) -> Hits | tuple[Hits, ...]:
        return self.rows[place]
