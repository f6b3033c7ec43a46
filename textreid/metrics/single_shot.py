"""The single-shot protocol of VIPeR, CUHK01 and CUHK03: draw one gallery image of each person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from textreid.metrics.ranking import PositiveRanks
from textreid.metrics.result import RetrievalResult, summarise
from textreid.metrics.search import Search

REPEATS = 100


def single_shot(
    queries: np.ndarray,
    query_ids: np.ndarray,
    gallery: np.ndarray,
    gallery_ids: np.ndarray,
    *,
    repeats: int = REPEATS,
    seed: int = 0,
) -> RetrievalResult:
    """Every query searches a gallery of one image of each person; the mean over many draws of that gallery.

    Queries and gallery are two camera views (Li et al., CVPR 2014), so there is no camera rule. A query has
    one right answer, at rank r: mAP and mINP are both the mean of 1 / r, and not the mAP over the whole
    gallery that Torchreid prints beside a drawn R1.

    Args:
        queries: [Q, D] float32, unit norm.
        query_ids: [Q] int.
        gallery: [G, D] float32, unit norm.
        gallery_ids: [G] int.
        repeats: galleries drawn; one is enough where each person has one image.
        seed: of the draws: equal seeds give equal numbers.

    Returns:
        Means and intervals over all draws; `gallery` is the number of persons, `found` the ranks of the first
        draw.

    Raises:
        InputError: no query's person is in the gallery.
        ValueError: the arrays do not fit together.
    """
    Search(queries, query_ids, gallery, gallery_ids)  # checks the shapes
    persons, column = np.unique(gallery_ids, return_inverse=True)
    images = [np.flatnonzero(column == number) for number in range(len(persons))]
    scored = np.isin(query_ids, persons)
    own = np.searchsorted(persons, query_ids[scored])
    scores = queries[scored] @ gallery.T
    rng = np.random.default_rng(seed)
    draws = repeats if len(persons) < len(gallery_ids) else 1
    ranks = [_ranks(scores[:, [rng.choice(places) for places in images]], own) for _ in range(draws)]
    counts = scored.astype(np.int64)
    mean = summarise(
        PositiveRanks(np.concatenate(ranks), np.tile(counts, draws)), np.tile(query_ids, draws), len(persons)
    )
    return replace(
        mean,
        queries=int(counts.sum()),
        skipped=int(len(counts) - counts.sum()),
        found=PositiveRanks(ranks[0], counts),
        query_ids=query_ids,
    )


def _ranks(scores: np.ndarray, own: np.ndarray) -> np.ndarray:
    """[S] rank of column `own` in each row of [S, P]; of equal scores the earlier column is first."""
    right = np.take_along_axis(scores, own[:, None], axis=1)
    before = np.arange(scores.shape[1]) < own[:, None]
    return 1 + np.count_nonzero((scores > right) | ((scores == right) & before), axis=1)
