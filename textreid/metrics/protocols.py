"""The protocols that papers report: who is a query, who is its gallery, what is ignored.

| protocol | query | gallery | positive | ignored |
| --- | --- | --- | --- | --- |
| `text_to_image` | every caption | every image of the split | same identity | nothing: no camera rule |
| `image_to_text` | every image | every caption of the split | same identity | nothing |
| `image_to_image` | every query image | every gallery image | same identity, other camera | junk, own view |

In `image_to_image`, junk is identity -1, and "own view" means the same identity seen by the query's camera.
Distractors (identity 0 in Market-1501) stay in the gallery: they are nobody's positive. Without query images
(CUHK-PEDES), every image of the split searches all others (`Search.own`): no published protocol, but a fair
question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from textreid.errors import RERANK_TAKES_A_NUMBER, InputError
from textreid.metrics.bootstrap import interval
from textreid.metrics.ranking import (
    PositiveRanks,
    average_precision,
    cosine_scores,
    inverse_negative_penalty,
    positive_ranks,
    rank_at,
)
from textreid.metrics.rerank import reranked_scores
from textreid.types import DISTRACTOR, JUNK

NO_PLACES = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class RetrievalResult:
    """What one direction of one protocol measured.

    Attributes:
        percent: "R1", "R5", "R10", "mAP" (rectangle), "mINP", "mAP_trapezoid" (Market-1501 toolkit): means
            over the scored queries, in percent.
        ci95: the same names -> (low, high) percent, 95 % bootstrap interval over identities.
        queries: queries scored: the denominator.
        gallery: items searched, junk excluded.
        skipped: queries left out because the gallery holds no positive for them.
        found: where each query's right answers stand, for curves and breakdowns.
        query_ids: [Q] int, the person each query asks for.
    """

    percent: dict[str, float]
    ci95: dict[str, tuple[float, float]]
    queries: int
    gallery: int
    skipped: int
    found: PositiveRanks = field(compare=False, repr=False)
    query_ids: np.ndarray = field(compare=False, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON object that `textreid eval --json` prints; percent with four decimals."""
        return {
            **{name: round(value, 4) for name, value in self.percent.items()},
            "queries": self.queries,
            "gallery": self.gallery,
            "skipped": self.skipped,
            "ci95": {name: [round(low, 4), round(high, 4)] for name, (low, high) in self.ci95.items()},
        }


@dataclass(frozen=True)
class Search:
    """Queries, their gallery, and who is right: one direction of one protocol, ready to be ranked.

    Attributes:
        queries: [Q, D] float32, unit norm.
        query_ids: [Q] int, the person each query asks for.
        gallery: [G, D] float32, unit norm.
        gallery_ids: [G] int.
        query_cameras: [Q] int, or None: no camera rule.
        gallery_cameras: [G] int, or None.
        own: [Q] int, place of each query itself in the gallery, where it is left out; None: it is not there.

    Raises:
        ValueError: the arrays do not fit together.
    """

    queries: np.ndarray
    query_ids: np.ndarray
    gallery: np.ndarray
    gallery_ids: np.ndarray
    query_cameras: np.ndarray | None = None
    gallery_cameras: np.ndarray | None = None
    own: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check(self.queries, self.query_ids, self.query_cameras, self.own)
        _check(self.gallery, self.gallery_ids, self.gallery_cameras)

    @cached_property
    def _places(self) -> dict[int, np.ndarray]:
        """Person -> the person's places in the gallery, ascending."""
        order = np.argsort(self.gallery_ids, kind="stable")
        persons, first = np.unique(self.gallery_ids[order], return_index=True)
        return dict(zip(persons.tolist(), np.split(order, first[1:]), strict=True))

    def relevance(self, query: int) -> tuple[np.ndarray, np.ndarray]:
        """Places in the gallery of a query's right answers, and of what is ignored for it."""
        same = self._places.get(int(self.query_ids[query]), NO_PLACES)
        if self.query_cameras is not None and self.gallery_cameras is not None:
            if self.query_ids[query] == DISTRACTOR:
                return NO_PLACES, NO_PLACES
            own_view = self.gallery_cameras[same] == self.query_cameras[query]
            return same[~own_view], same[own_view]
        if self.own is not None:
            return same[same != self.own[query]], self.own[query : query + 1]
        return same, NO_PLACES

    def result(self, scores: Iterable[np.ndarray] | None = None) -> RetrievalResult:
        """What this search measures.

        Args:
            scores: chunks [q, G], larger is better; None: cosine.

        Raises:
            InputError: no query has a positive.
        """
        chunks = cosine_scores(self.queries, self.gallery) if scores is None else scores
        return summarise(positive_ranks(chunks, self.relevance), self.query_ids, len(self.gallery))


def text_to_image(
    texts: np.ndarray, text_ids: np.ndarray, images: np.ndarray, image_ids: np.ndarray
) -> RetrievalResult:
    """Every caption searches every image; an image of the caption's person is right, whichever it described.

    Args:
        texts: [T, D] float32, unit norm.
        text_ids: [T] int, identity that each caption describes.
        images: [N, D] float32, unit norm.
        image_ids: [N] int.

    Raises:
        InputError: no query has a positive.
        ValueError: the arrays do not fit together.
    """
    return Search(texts, text_ids, images, image_ids).result()


def image_to_text(
    images: np.ndarray, image_ids: np.ndarray, texts: np.ndarray, text_ids: np.ndarray
) -> RetrievalResult:
    """Every image searches every caption: `text_to_image` the other way round, the same shapes and errors."""
    return Search(images, image_ids, texts, text_ids).result()


def image_to_image(
    queries: np.ndarray,
    query_ids: np.ndarray,
    query_cameras: np.ndarray,
    gallery: np.ndarray,
    gallery_ids: np.ndarray,
    gallery_cameras: np.ndarray,
    *,
    k_reciprocal: bool = False,
    rerank: object = None,
) -> RetrievalResult:
    """Market-1501 single query (Zheng et al., ICCV 2015): find the person again in another camera.

    Args:
        queries: [Q, D] float32, unit norm.
        query_ids: [Q] int.
        query_cameras: [Q] int.
        gallery: [G, D] float32, unit norm; may hold junk (identity -1) and distractors (identity 0).
        gallery_ids: [G] int.
        gallery_cameras: [G] int.
        k_reciprocal: replace cosine by k-reciprocal re-ranking over the whole test set (`reranked_scores`).
        rerank: what `k_reciprocal` was called; refused.

    Raises:
        InputError: no query has a positive, or `rerank` is given.
        ValueError: the arrays do not fit together.
    """
    if rerank is not None:
        raise InputError(RERANK_TAKES_A_NUMBER)
    _check(gallery, gallery_ids, gallery_cameras)
    searched = gallery_ids != JUNK
    search = Search(
        queries, query_ids, gallery[searched], gallery_ids[searched], query_cameras, gallery_cameras[searched]
    )
    return search.result(reranked_scores(queries, search.gallery) if k_reciprocal else None)


def summarise(found: PositiveRanks, query_ids: np.ndarray, gallery: int) -> RetrievalResult:
    """The percentages and intervals of one ranking.

    Args:
        found: ranks of Q queries.
        query_ids: [Q] int, identity of each query: the interval resamples identities.
        gallery: items searched.

    Raises:
        InputError: no query has a positive.
    """
    if not found.scored.any():
        raise InputError("No query has a right answer in the gallery: there is nothing to measure.")
    per_query = {
        "R1": rank_at(found, 1),
        "R5": rank_at(found, 5),
        "R10": rank_at(found, 10),
        "mAP": average_precision(found, "rectangle"),
        "mINP": inverse_negative_penalty(found),
        "mAP_trapezoid": average_precision(found, "trapezoid"),
    }
    values = 100 * np.stack(list(per_query.values()), axis=1)
    low, high = interval(values, query_ids[found.scored])
    return RetrievalResult(
        percent=dict(zip(per_query, values.mean(axis=0).tolist(), strict=True)),
        ci95=dict(zip(per_query, zip(low.tolist(), high.tolist(), strict=True), strict=True)),
        queries=int(found.scored.sum()),
        gallery=gallery,
        skipped=int((~found.scored).sum()),
        found=found,
        query_ids=query_ids,
    )


def _check(vectors: np.ndarray, *labels: np.ndarray | None) -> None:
    for label in labels:
        if label is not None and (vectors.ndim != 2 or label.shape != (len(vectors),)):
            raise ValueError(
                f"{len(vectors)} vectors {vectors.shape} do not fit labels of shape {label.shape}"
            )
