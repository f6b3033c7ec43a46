"""Queries and their gallery as vectors, with who is right: one direction of a protocol."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from textreid.metrics.labels import Labels, require_array
from textreid.metrics.ranking import cosine_scores, positive_ranks
from textreid.metrics.result import RetrievalResult, summarise

UNIT_TOLERANCE = 2e-3
"""How far the length of a vector may be from 1: vectors that were stored in 16 bits stay within."""


@dataclass(frozen=True)
class Search:
    """Queries, their gallery, and who is right: one direction of one protocol, ready to be ranked.

    Attributes:
        queries: [Q, D] float, unit norm.
        query_ids: [Q] int, the person each query asks for.
        gallery: [G, D] float, unit norm.
        gallery_ids: [G] int.
        query_cameras: [Q] int, `textreid.types.UNKNOWN_CAMERA` where it is not known; None: no camera rule.
        gallery_cameras: [G] int, as above.
        own: [Q] int, place of each query itself in the gallery, where it is left out; None: it is not there.
        distractors: whether identity 0 marks people whom no query asks for, as in Market-1501's gallery.

    Raises:
        ValueError: the gallery is empty, vectors are not of unit norm or do not fit their persons, or what
            `textreid.metrics.labels.Labels` raises.
    """

    queries: np.ndarray
    query_ids: np.ndarray
    gallery: np.ndarray
    gallery_ids: np.ndarray
    query_cameras: np.ndarray | None = None
    gallery_cameras: np.ndarray | None = None
    own: np.ndarray | None = None
    distractors: bool = False

    @classmethod
    def of(cls, labels: Labels, queries: np.ndarray, gallery: np.ndarray) -> Search:
        """Vectors [Q, D] and [G, D] of what the labels are of."""
        return cls(
            queries,
            labels.query_ids,
            gallery,
            labels.gallery_ids,
            labels.query_cameras,
            labels.gallery_cameras,
            labels.own,
            labels.distractors,
        )

    def __post_init__(self) -> None:
        labels = self.labels
        _check_vectors("queries", self.queries, labels.query_ids)
        _check_vectors("gallery", self.gallery, labels.gallery_ids)
        if not len(self.gallery):
            raise ValueError("The gallery is empty: there is nobody to find.")
        if self.queries.shape[1] != self.gallery.shape[1]:
            widths = f"{self.queries.shape[1]} and {self.gallery.shape[1]}"
            raise ValueError(
                f"Queries and gallery are vectors of {widths} numbers: encode both with one model."
            )

    @cached_property
    def labels(self) -> Labels:
        """Who is right, without the vectors."""
        return Labels(
            self.query_ids,
            self.gallery_ids,
            self.query_cameras,
            self.gallery_cameras,
            self.own,
            self.distractors,
        )

    def relevance(self, query: int) -> tuple[np.ndarray, np.ndarray]:
        """Places in the gallery of a query's right answers, and of what is ignored for it."""
        return self.labels.relevance(query)

    def result(self, scores: Iterable[np.ndarray] | None = None) -> RetrievalResult:
        """What this search measures.

        Args:
            scores: chunks [q, G], larger is better; None: cosine.

        Raises:
            InputError: no query has a positive.
        """
        chunks = cosine_scores(self.queries, self.gallery) if scores is None else scores
        return summarise(positive_ranks(chunks, self.relevance), self.query_ids, len(self.gallery))


def _check_vectors(name: str, vectors: np.ndarray, persons: np.ndarray) -> None:
    require_array(name, vectors)
    if vectors.ndim != 2 or vectors.dtype.kind != "f":
        raise ValueError(f"{name}: expected vectors [N, D] of floats, not {vectors.dtype} {vectors.shape}.")
    if len(vectors) != len(persons):
        raise ValueError(f"{name}: {len(vectors):,} vectors do not fit {len(persons):,} persons.")
    lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
    wrong = ~(np.abs(lengths - 1) <= UNIT_TOLERANCE)  # NaN is wrong, too
    if wrong.any():
        raise ValueError(
            f"{name}: {np.count_nonzero(wrong):,} of {len(vectors):,} vectors are not of unit norm (the first"
            f" has {lengths[wrong][0]:.4g}): divide each by its length, since scores are cosines."
        )
