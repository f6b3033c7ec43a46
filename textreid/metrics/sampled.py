"""The single-shot protocol of VIPeR, CUHK01 and CUHK03: draw one gallery image of each person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from textreid.metrics.protocols import RetrievalResult, Search, summarise
from textreid.metrics.ranking import PositiveRanks, cosine_scores, positive_ranks

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
    rng = np.random.default_rng(seed)
    persons = [np.flatnonzero(gallery_ids == person) for person in np.unique(gallery_ids)]
    draws = []
    for _ in range(repeats if len(persons) < len(gallery_ids) else 1):
        places = np.array([rng.choice(own) for own in persons])
        search = Search(queries, query_ids, gallery[places], gallery_ids[places])
        draws.append(positive_ranks(cosine_scores(queries, search.gallery), search.relevance))
    every = PositiveRanks(
        ranks=np.concatenate([found.ranks for found in draws]),
        counts=np.concatenate([found.counts for found in draws]),
    )
    mean = summarise(every, np.tile(query_ids, len(draws)), len(persons))
    scored = draws[0].scored
    return replace(
        mean,
        queries=int(scored.sum()),
        skipped=int((~scored).sum()),
        found=draws[0],
        query_ids=query_ids,
    )
