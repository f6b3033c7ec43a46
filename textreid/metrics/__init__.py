"""Retrieval metrics by the field's protocols; numpy and scipy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.metrics.attributes import AttributeResult, evaluate_attributes
    from textreid.metrics.curves import precision_recall, rank_curve
    from textreid.metrics.open_set import (
        BINS,
        CENTRES,
        FirstHits,
        Tally,
        calibration_error,
        first_hits,
        reliability,
        tally,
    )
    from textreid.metrics.protocols import image_to_image, image_to_text, text_to_image
    from textreid.metrics.query_expansion import expand_queries, pool_queries
    from textreid.metrics.ranking import (
        PositiveRanks,
        average_precision,
        cosine_scores,
        inverse_negative_penalty,
        positive_ranks,
        rank_at,
    )
    from textreid.metrics.rerank import cross_modal_scores, reranked_scores
    from textreid.metrics.result import RetrievalResult
    from textreid.metrics.search import Search
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "BINS",
    "CENTRES",
    "AttributeResult",
    "FirstHits",
    "PositiveRanks",
    "RetrievalResult",
    "Search",
    "Tally",
    "average_precision",
    "calibration_error",
    "cosine_scores",
    "cross_modal_scores",
    "evaluate_attributes",
    "expand_queries",
    "first_hits",
    "image_to_image",
    "image_to_text",
    "inverse_negative_penalty",
    "pool_queries",
    "positive_ranks",
    "precision_recall",
    "rank_at",
    "rank_curve",
    "reliability",
    "reranked_scores",
    "tally",
    "text_to_image",
]
