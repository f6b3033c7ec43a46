"""The answer to a search."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
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
        probability: that this is the person who is asked for, never above that of the hit before, where it is
            known what ranks mean; else None.
    """

    rank: int
    score: float
    id: str
    record: Record
    match: float | None = None
    probability: float | None = None

    def to_dict(self, zone: tzinfo = UTC) -> dict[str, Any]:
        """The hit as plain values: rank, score, id, source, box, camera, time; what else is known."""
        record = self.record
        known = {"match": self.match, "probability": self.probability}
        return {
            "rank": self.rank,
            "score": round(self.score, 6),
            "id": self.id,
            "source": record.source,
            "box": None if record.box is None else list(record.box),
            "camera": record.camera,
            "time": record.when_in(zone),
            **{name: round(value, 6) for name, value in known.items() if value is not None},
        }


@dataclass(frozen=True)
class Cut:
    """Where an answer was cut off.

    Attributes:
        needed: what a hit had to have of the score that hits are ranked by.
        best: what the first hit had; None where nobody was there to be searched.
    """

    needed: float
    best: float | None


@dataclass(frozen=True, eq=False)
class Hits(Sequence[SearchHit]):
    """The people found for one query, best first; equal scores are in order of id.

    Attributes:
        scores: [k] float32, falling unless the hits were re-ranked.
        records: k records.
        matches: [k] float32, see `SearchHit.match`, NaN for None; None for hits that were not re-ranked.
        probabilities: [k] float32, falling, see `SearchHit.probability`; None where they are not known.
        strengths: [k] float32, falling, what a matcher put hits in order by; NaN of those that it did not
            read; None for hits that were not re-ranked.
        unsure: why there is no probability though the model is calibrated; "" where there is nothing to say.
        cut: what hits had to have, if only good enough ones were asked for.
        exact: whether they are the k best for certain; False where an approximate backend found them and may
            have missed somebody. Their scores are exact either way.
    """

    scores: np.ndarray
    records: tuple[Record, ...]
    matches: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    cut: Cut | None = None
    exact: bool = True
    strengths: np.ndarray | None = None
    unsure: str = ""

    def first(self, k: int) -> Hits:
        """The k best."""
        return self.take(np.arange(min(k, len(self))))

    def at_least(self, score: float) -> Hits:
        """Those with this score or a better one, in the same order; `cut` tells what the best had."""
        good = self.take(np.flatnonzero(self.scores >= score))
        return replace(good, cut=Cut(score, float(self.scores.max()) if len(self) else None))

    def among(self, ids: Container[str]) -> Hits:
        """Those with one of these ids, in the same order."""
        return self.take(np.flatnonzero([id in ids for id in self.ids]))

    def take(self, places: np.ndarray) -> Hits:
        """Those at these places [n] int, in that order."""
        return replace(
            self,
            scores=self.scores[places],
            records=tuple(self.records[place] for place in places),
            matches=None if self.matches is None else self.matches[places],
            probabilities=None if self.probabilities is None else self.probabilities[places],
            strengths=None if self.strengths is None else self.strengths[places],
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """The k ids, best first."""
        return tuple(record.id for record in self.records)

    def to_dicts(self, zone: tzinfo = UTC) -> list[dict[str, Any]]:
        """What `--json` prints: one dictionary a hit, with its time in this zone."""
        return [hit.to_dict(zone) for hit in self]

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
        probability = None if self.probabilities is None else float(self.probabilities[index])
        return SearchHit(index + 1, float(self.scores[index]), record.id, record, match, probability)


@dataclass(frozen=True, eq=False)
class BatchHits(Sequence[Hits]):
    """The answers to Q queries, in their order; exact answers have all the same length k.

    Attributes:
        queries: Q ids of the queries.
        rows: Q answers.
    """

    queries: tuple[str, ...]
    rows: tuple[Hits, ...]

    @property
    def exact(self) -> bool:
        """Whether every answer is exact, see `Hits.exact`."""
        return all(hits.exact for hits in self.rows)

    @property
    def ids(self) -> np.ndarray:
        """[Q, k] ids as objects; None in the places that an answer shorter than the longest leaves over."""
        return self._table([hits.ids for hits in self.rows], np.dtype(object), None)

    @property
    def scores(self) -> np.ndarray:
        """[Q, k] float32 cosines; NaN in the places that an answer shorter than the longest leaves over."""
        return self._table([hits.scores.tolist() for hits in self.rows], np.dtype(np.float32), np.nan)

    def _table(self, rows: Sequence[Sequence[Any]], dtype: np.dtype, nobody: object) -> np.ndarray:
        table = np.full((len(rows), max(map(len, rows), default=0)), nobody, dtype=dtype)
        for line, row in zip(table, rows, strict=True):
            line[: len(row)] = row
        return table

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Hits: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Hits, ...]: ...
    def __getitem__(self, place: int | slice) -> Hits | tuple[Hits, ...]:
        return self.rows[place]
