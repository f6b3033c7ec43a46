"""The protocols that papers report: who is a query, who is its gallery, what is ignored.

| protocol | query | gallery | positive | ignored |
| --- | --- | --- | --- | --- |
| `text_to_image` | every caption | every image of the split | same identity | nothing: no camera rule |
| `image_to_text` | every image | every caption of the split | same identity | nothing |
| `image_to_image` | every query image | every gallery image | same identity, other camera | junk, own view |

In `image_to_image`, junk is identity -1, and "own view" means the same identity seen by the query's camera.
An image whose camera is not known counts as seen by another. Distractors (identity 0 in Market-1501) stay in
the gallery: they are nobody's positive. Without query images (CUHK-PEDES), every image of the split searches
all others (`Search.own`), and 0 is a person like others: no published protocol, but a fair question.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from textreid.errors import RERANK_TAKES_A_NUMBER, InputError
from textreid.metrics.rerank import reranked_scores
from textreid.metrics.result import RetrievalResult
from textreid.metrics.search import Search
from textreid.types import JUNK


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
        ValueError: the arrays are not what `Search` takes.
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
    query_cameras: np.ndarray | None,
    gallery: np.ndarray,
    gallery_ids: np.ndarray,
    gallery_cameras: np.ndarray | None,
    *,
    k_reciprocal: bool = False,
    rerank: object = None,
) -> RetrievalResult:
    """Market-1501 single query (Zheng et al., ICCV 2015): find the person again in another camera.

    Args:
        queries: [Q, D] float32, unit norm.
        query_ids: [Q] int.
        query_cameras: [Q] int, `textreid.types.UNKNOWN_CAMERA` where it is not known; None: no camera rule.
        gallery: [G, D] float32, unit norm; may hold junk (identity -1) and distractors (identity 0).
        gallery_ids: [G] int.
        gallery_cameras: [G] int, as above.
        k_reciprocal: replace cosine by k-reciprocal re-ranking over the whole test set (`reranked_scores`).
        rerank: what `k_reciprocal` was called; refused.

    Raises:
        InputError: no query has a positive, or `rerank` is given.
        ValueError: the arrays are not what `Search` takes.
    """
    if rerank is not None:
        raise InputError(RERANK_TAKES_A_NUMBER)
    whole = Search(queries, query_ids, gallery, gallery_ids, query_cameras, gallery_cameras, distractors=True)
    searched = gallery_ids != JUNK
    search = replace(
        whole,
        gallery=gallery[searched],
        gallery_ids=gallery_ids[searched],
        gallery_cameras=None if gallery_cameras is None else gallery_cameras[searched],
    )
    return search.result(reranked_scores(queries, search.gallery) if k_reciprocal else None)
