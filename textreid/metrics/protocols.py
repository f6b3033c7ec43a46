"""The protocols that papers report: who is a query, who is its gallery, what is ignored.

| protocol | query | gallery | positive | ignored |
| --- | --- | --- | --- | --- |
| `text_to_image` | every caption | every image of the split | same identity | nothing: no camera rule |
| `image_to_text` | every image | every caption of the split | same identity | nothing |
| `image_to_image` | every query image | every gallery image | same identity, other camera | junk, own view |

In `image_to_image`, junk is identity -1, and "own view" means the same identity seen by the query's camera.
Distractors (identity 0 in Market-1501) stay in the gallery: they are nobody's positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from textreid.errors import InputError
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

JUNK, DISTRACTOR = -1, 0
"""The identities with which Market-1501 marks boxes that are no good, and people nobody asks for."""


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
    """

    percent: dict[str, float]
    ci95: dict[str, tuple[float, float]]
    queries: int
    gallery: int
    skipped: int

    def to_dict(self) -> dict[str, object]:
        """The JSON object that `textreid eval --json` prints; percent with four decimals."""
        return {
            **{name: round(value, 4) for name, value in self.percent.items()},
            "queries": self.queries,
            "gallery": self.gallery,
            "skipped": self.skipped,
            "ci95": {name: [round(low, 4), round(high, 4)] for name, (low, high) in self.ci95.items()},
        }


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
    return _same_identity(texts, text_ids, images, image_ids)


def image_to_text(
    images: np.ndarray, image_ids: np.ndarray, texts: np.ndarray, text_ids: np.ndarray
) -> RetrievalResult:
    """Every image searches every caption: `text_to_image` the other way round, the same shapes and errors."""
    return _same_identity(images, image_ids, texts, text_ids)


def image_to_image(
    queries: np.ndarray,
    query_ids: np.ndarray,
    query_cameras: np.ndarray,
    gallery: np.ndarray,
    gallery_ids: np.ndarray,
    gallery_cameras: np.ndarray,
    *,
    rerank: bool = False,
) -> RetrievalResult:
    """Market-1501 single query (Zheng et al., ICCV 2015): find the person again in another camera.

    Args:
        queries: [Q, D] float32, unit norm.
        query_ids: [Q] int.
        query_cameras: [Q] int.
        gallery: [G, D] float32, unit norm; may hold junk (identity -1) and distractors (identity 0).
        gallery_ids: [G] int.
        gallery_cameras: [G] int.
        rerank: replace cosine by k-reciprocal re-ranking over the whole test set (`reranked_scores`).

    Raises:
        InputError: no query has a positive.
        ValueError: the arrays do not fit together.
    """
    _check(queries, query_ids, query_cameras)
    _check(gallery, gallery_ids, gallery_cameras)
    kept = gallery_ids != JUNK
    gallery, gallery_ids, gallery_cameras = gallery[kept], gallery_ids[kept], gallery_cameras[kept]

    def relevance(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        asked = query_ids[rows, None]
        same_person = (asked == gallery_ids) & (asked != DISTRACTOR)
        return same_person, same_person & (query_cameras[rows, None] == gallery_cameras)

    scores = reranked_scores(queries, gallery) if rerank else cosine_scores(queries, gallery)
    return summarise(positive_ranks(scores, relevance), query_ids, len(gallery))


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
    )


def _same_identity(
    queries: np.ndarray, query_ids: np.ndarray, gallery: np.ndarray, gallery_ids: np.ndarray
) -> RetrievalResult:
    _check(queries, query_ids)
    _check(gallery, gallery_ids)

    def relevance(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        same_person = query_ids[rows, None] == gallery_ids
        return same_person, np.zeros_like(same_person)

    return summarise(positive_ranks(cosine_scores(queries, gallery), relevance), query_ids, len(gallery))


def _check(vectors: np.ndarray, *labels: np.ndarray) -> None:
    for label in labels:
        if vectors.ndim != 2 or label.shape != (len(vectors),):
            raise ValueError(
                f"{len(vectors)} vectors {vectors.shape} do not fit labels of shape {label.shape}"
            )
