"""What a search may do beyond one vector a query and the cosine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import InitVar, dataclass, replace
from typing import Literal

import numpy as np

from textreid.errors import InputError, UnknownNameError, refuse_old_rerank, warn_renamed
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.directions import IMAGE_TO_IMAGE, TEXT_TO_IMAGE, Direction
from textreid.metrics.query_expansion import expand_queries, pool_queries
from textreid.metrics.rerank import cross_modal_scores, reranked_scores
from textreid.metrics.search import Search
from textreid.types import PersonCrop

Pooling = Literal["", "mean", "max"]
POOLINGS: tuple[Pooling, ...] = ("", "mean", "max")


@dataclass(frozen=True)
class Methods:
    """Applied in this order.

    Attributes:
        flip: an image's vector is the mean of its own and its mirror image's.
        multi_query: join each image query with the other images of its person in its camera, by "mean" or
            "max"; "": single query.
        expand: query expansion with that many of the best hits; 0: none.
        alpha: their weight is the cosine to that power; 0: all weigh the same.
        k_reciprocal: k-reciprocal re-ranking (Zhong et al., CVPR 2017).
        rerank: how many of the best images of each caption, or query image, the model's matcher puts into
            order; 0: none.
        match: what `rerank` was called in version 0.1.

    Raises:
        InputError: a value out of range, two ways to re-rank, or `rerank` as a bool.
    """

    flip: bool = False
    multi_query: Pooling = ""
    expand: int = 0
    alpha: float = 3.0
    k_reciprocal: bool = False
    rerank: int = 0
    match: InitVar[int] = 0

    def __post_init__(self, match: int) -> None:
        refuse_old_rerank(self.rerank)
        if match:
            warn_renamed(f"match = {match}", f"rerank = {match}")
            object.__setattr__(self, "rerank", match)
        if self.expand < 0 or self.alpha < 0:
            raise InputError("Query expansion needs a number of hits and a power of at least 0.")
        if self.rerank < 0:
            raise InputError(f"The matcher needs a number of images to score, 1 or more, not {self.rerank}.")
        if self.rerank and self.k_reciprocal:
            raise InputError(
                "The matcher and k-reciprocal re-ranking both put the hits into order: choose one."
            )

    @classmethod
    def named(
        cls, flip: bool, multi_query: str, expand: int, alpha: float, *, k_reciprocal: bool, rerank: int
    ) -> Methods:
        """From what was typed.

        Raises:
            UnknownNameError: no such way to pool queries.
            InputError: a value out of range.
        """
        for how in POOLINGS:
            if multi_query == how:
                return cls(flip, how, expand, alpha, k_reciprocal, rerank)
        raise UnknownNameError("multi-query", multi_query, POOLINGS[1:])

    @property
    def names(self) -> list[str]:
        """What is on, in words."""
        methods = {
            "flip test": self.flip,
            f"multi-query ({self.multi_query})": self.multi_query,
            f"query expansion (top {self.expand}, alpha {self.alpha:g})": self.expand,
            "k-reciprocal re-ranking": self.k_reciprocal,
            f"matcher (top {self.rerank})": self.rerank,
        }
        return [name for name, on in methods.items() if on]

    @property
    def change_search(self) -> bool:
        """Whether the ranking differs from that of the plain vectors; the flip test only changes those."""
        return bool(self.multi_query or self.expand or self.k_reciprocal or self.rerank)


def check(methods: Methods, benchmark: Benchmark, directions: Collection[str]) -> None:
    """Refuse what cannot be done to these directions, before anything is encoded.

    Raises:
        InputError: it says what to leave out.
    """
    if methods.change_search and benchmark.single_shot:
        raise InputError(
            f"{benchmark.dataset} is measured on galleries of one image a person: leave re-ranking, query "
            "expansion and multi-query out."
        )
    if methods.multi_query and (set(directions) != {IMAGE_TO_IMAGE} or benchmark.leave_one_out):
        raise InputError("Multi-query is for image queries with cameras: leave --multi-query out.")
    joined = benchmark.companions or benchmark.gallery
    if methods.multi_query and not _with_camera(benchmark.queries) & _with_camera(joined):
        raise InputError(
            "Multi-query joins the images of a query's person by the query's camera, and none is known to"
            " be one: leave --multi-query out, or name the cameras."
        )
    if methods.rerank and not {TEXT_TO_IMAGE, IMAGE_TO_IMAGE} & set(directions):
        raise InputError("A matcher orders images that a caption or an image searches: leave --rerank out.")


def improve(search: Search, methods: Methods, companions: Search | None) -> Search:
    """The same search with other query vectors: multi-query and query expansion.

    Args:
        search: queries and gallery.
        methods: what to do.
        companions: the same queries against the images that may join them; None: those of the gallery that
            are ignored for a query, since they show its person in its camera.
    """
    queries = search.queries
    if methods.multi_query:
        others = companions or search
        groups = [others.relevance(query)[1] for query in range(len(queries))]
        queries = pool_queries(queries, others.gallery, groups, methods.multi_query)
    if methods.expand:
        top, alpha = methods.expand, methods.alpha
        queries = expand_queries(queries, search.gallery, top=top, alpha=alpha, own=search.own)
    return replace(search, queries=queries)


def _with_camera(crops: Sequence[PersonCrop]) -> set[tuple[int | None, int]]:
    """Whom which camera saw."""
    return {(crop.person_id, crop.camera_id) for crop in crops if crop.camera_id is not None}


def scores_of(direction: Direction, methods: Methods) -> Iterator[np.ndarray] | None:
    """Re-ranked scores where they are asked for; None: the cosine."""
    if direction.reranked:
        return direction.reranked()
    if not methods.k_reciprocal:
        return None
    search = direction.search
    if direction.across or search.own is not None:  # a query that is in the gallery must not be there twice
        return cross_modal_scores(search.queries, search.gallery)
    return reranked_scores(search.queries, search.gallery)
