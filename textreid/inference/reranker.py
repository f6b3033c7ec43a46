"""The best hits of a search, put into order by a model that reads the query and each image together.

The search compares one vector with one vector, over any number of people; a matcher reads the tokens of both,
some milliseconds a pair: of a description (`textreid.types.PairScorer`) or of a photo
(`textreid.types.ImagePairScorer`). So it scores the first hits alone, best first, as many as are asked for
and as fit into a budget of time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import cast

import numpy as np
from PIL import Image

from textreid.errors import ModelError
from textreid.types import ImagePairScorer, ImageTextEncoder, PairScorer
from textreid_index import Hits
from textreid_index.snapshot import Snapshot

RERANKED_HITS = 64
"""Hits that the matcher scores where nobody says how many."""

CHUNK = 16
"""Images scored in one go; the budget is looked at before each."""

NEIGHBOUR_VOTED_HITS = 5
"""Hits whose order their nearest neighbours take part in."""

NEIGHBOURS, NEIGHBOUR_TEMPERATURE = 3, 0.08
"""How many neighbours a hit has, itself among them, and the temperature of the softmax that weighs them."""

CACHED_IMAGES = 512
"""Images whose tokens stay in memory for the next search."""


def require_matcher(encoder: ImageTextEncoder) -> PairScorer:
    """The matcher of a model.

    Raises:
        ModelError: it has none.
    """
    if encoder.matcher is None:
        raise ModelError(
            f"The model '{encoder.info.name}' has no matcher to re-rank with: search without re-ranking, or "
            "train a model whose recipe has a [model.matcher] table."
        )
    return encoder.matcher


def image_matcher_of(encoder: ImageTextEncoder) -> ImagePairScorer | None:
    """The image matcher of a model; None where it has none, as an encoder of one's own from before has."""
    return getattr(encoder, "image_matcher", None)


def require_image_matcher(encoder: ImageTextEncoder) -> ImagePairScorer:
    """The image matcher of a model.

    Raises:
        ModelError: it has none.
    """
    matcher = image_matcher_of(encoder)
    if matcher is None:
        raise ModelError(
            f"The model '{encoder.info.name}' has no matcher that compares two images: leave --rerank out, or"
            " train a model whose recipe has a [model.image_matcher] table."
        )
    return matcher


def read_query(matcher: PairScorer | ImagePairScorer, query: str | Image.Image) -> np.ndarray:
    """The tokens of a description, or of a photo, for the matcher of its kind."""
    if isinstance(query, str):
        return cast(PairScorer, matcher).text_tokens(query)
    return matcher.image_tokens([query])[0]


@dataclass(frozen=True, eq=False)
class Candidates:
    """What a gallery holds of N hits, as far as it takes to put them into order.

    Attributes:
        keys: N keys under which they are stored.
        vectors: [N, D] float32 of unit norm.
        tokens: key -> tokens of those whose images were read for an earlier search.
        thumbnails: key -> JPEG file of the others.
    """

    keys: tuple[int, ...]
    vectors: np.ndarray
    tokens: Mapping[int, np.ndarray]
    thumbnails: Mapping[int, bytes]


class Reranker:
    """Re-ranks the hits of a gallery from its thumbnails, whose tokens stay in memory for the next search.

    A key of a gallery never changes its image, so whatever else is added, only new images are read. It holds
    the tokens of `CACHED_IMAGES` images, of those that were used last.

    Args:
        matcher: what scores them with descriptions, or with photos.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self, matcher: PairScorer | ImagePairScorer, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.matcher, self.clock = matcher, clock
        self._tokens: OrderedDict[int, np.ndarray] = OrderedDict()
        self._removed_at = -1
        self._lock = threading.Lock()

    def read(self, gallery: Snapshot, ids: Sequence[str]) -> Candidates:
        """What is needed of these people, of the moment at which they were found.

        Nothing is computed here, so that the snapshot is over soon.
        """
        keys = tuple(gallery.keys(ids).values())
        with self._lock:
            if gallery.removed_at != self._removed_at:
                for key in self._tokens.keys() - gallery.present(self._tokens):
                    del self._tokens[key]
                self._removed_at = gallery.removed_at
            tokens = {key: self._tokens[key] for key in keys if key in self._tokens}
        thumbnails = gallery.thumbnails([key for key in keys if key not in tokens])
        return Candidates(keys, gallery.vectors(keys), tokens, thumbnails)

    def __call__(
        self, query: str | Image.Image, hits: Hits, candidates: Candidates, budget: float | None = None
    ) -> Hits:
        """The hits, the first of them in the order of cosine and matcher together.

        Args:
            query: what the person looks like, or a photo of the person, by the kind of the matcher.
            hits: best first.
            candidates: the first of them, who are to be scored.
            budget: seconds after which no more are scored; None: as long as it takes. What was scored until
                then is put into order.

        Returns:
            The same people; `matches` holds the probability of each that was scored, NaN of the others.
        """
        start = before = self.clock()
        longest, logits = 0.0, np.empty(0, np.float32)
        query_tokens: np.ndarray | None = None
        count = len(candidates.keys)
        while len(logits) < count and (budget is None or before - start + longest < budget):
            if query_tokens is None:
                query_tokens = read_query(self.matcher, query)
            chunk = self._image_tokens(candidates, slice(len(logits), len(logits) + CHUNK))
            logits = np.concatenate([logits, self.matcher.score_pairs(query_tokens, chunk)])
            now = self.clock()
            longest, before = max(longest, now - before), now
        return reorder(hits, logits, candidates.vectors[: len(logits)], self.matcher.weight)

    def _image_tokens(self, candidates: Candidates, chunk: slice) -> list[np.ndarray]:
        keys, tokens = candidates.keys[chunk], dict(candidates.tokens)
        missing = [key for key in keys if key not in tokens]
        if missing:
            images = [_open(candidates.thumbnails[key]) for key in missing]
            tokens |= zip(missing, self.matcher.image_tokens(images), strict=True)
        with self._lock:
            for key in keys:
                self._tokens[key] = tokens[key]
                self._tokens.move_to_end(key)
            while len(self._tokens) > CACHED_IMAGES:
                self._tokens.popitem(last=False)
        return [tokens[key] for key in keys]


def reorder(hits: Hits, logits: np.ndarray, vectors: np.ndarray, weight: float) -> Hits:
    """The first hits as `order_with_neighbours` puts them, the others behind them as they were.

    Args:
        hits: k of them, best first.
        logits: [N] float32, N ≤ k, of the first.
        vectors: [N, D] float32 of unit norm, of their images.
        weight: the cosine that one unit of a logit is worth.
    """
    scored = len(logits)
    order, ranked_by = rank_with_neighbours(blend(hits.scores[:scored], logits, weight), vectors)
    matches, strengths = np.full((2, len(hits)), np.nan, np.float32)
    matches[:scored], strengths[:scored] = 1 / (1 + np.exp(-logits[order])), ranked_by
    hits = hits.take(np.concatenate([order, np.arange(scored, len(hits))]))
    return replace(hits, matches=matches, strengths=strengths)


def rerank_rows(
    matcher: PairScorer | ImagePairScorer,
    cosines: Iterable[np.ndarray],
    query_tokens: Iterable[np.ndarray],
    image_tokens: Sequence[np.ndarray],
    vectors: np.ndarray,
    top: int,
) -> Iterator[np.ndarray]:
    """Scores of many queries after re-ranking: the best of each row in their new order, above all others.

    Args:
        matcher: what scores pairs.
        cosines: [q, G] float32 each, of Q texts, or images, in all.
        query_tokens: those of each of the Q.
        image_tokens: those of each of G images.
        vectors: [G, D] float32 of unit norm, of the same images.
        top: how many of a row are scored.

    Yields:
        [q, G] float32; those that were scored have a score above 2, by their place.
    """
    queries = iter(query_tokens)
    for rows in cosines:
        scores = rows.copy()
        for row in scores:
            best = np.argsort(-row, kind="stable")[:top]
            logits = matcher.score_pairs(next(queries), [image_tokens[place] for place in best])
            order = order_with_neighbours(blend(row[best], logits, matcher.weight), vectors[best])
            row[best[order]] = np.linspace(3, 2, len(best), endpoint=False)
        yield scores


def order_with_neighbours(scores: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """[N] int64, the order of `rank_with_neighbours`."""
    return rank_with_neighbours(scores, vectors)[0]


def rank_with_neighbours(scores: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hits in order: by their scores, and the first few also by those of their neighbours.

    Most people have several images in a gallery, and it takes chance to be wrong about all of them: half of a
    score is the mean of the scores of the most similar images among the hits (database-side augmentation:
    Arandjelović and Zisserman, "Three Things Everyone Should Know to Improve Object Retrieval", CVPR 2012).
    It decides the order of the first five alone: further down it would put few people into all places.

    Args:
        scores: [N] float32.
        vectors: [N, D] float32 of unit norm.

    Returns:
        [N] int64, the hits in order; [N] float32, what each of them is ranked by, which never rises: of the
        first few the mean of both scores, of the others their own.
    """
    order = np.argsort(-scores, kind="stable")
    first = order[:NEIGHBOUR_VOTED_HITS]
    similarities = vectors[first] @ vectors.T
    nearest = np.argsort(-similarities, axis=1, kind="stable")[:, :NEIGHBOURS]
    weights = np.exp((np.take_along_axis(similarities, nearest, axis=1) - 1) / NEIGHBOUR_TEMPERATURE)
    neighbour_score = (weights * scores[nearest]).sum(axis=1) / weights.sum(axis=1)
    together = scores[first] + neighbour_score
    voted, others = np.argsort(-together, kind="stable"), order[NEIGHBOUR_VOTED_HITS:]
    ranked_by = np.concatenate([together[voted] / 2, scores[others]])
    return np.concatenate([first[voted], others]), np.minimum.accumulate(ranked_by)


def blend(cosines: np.ndarray, logits: np.ndarray, weight: float) -> np.ndarray:
    """[N] float32: cosines and logits, each unit of which is worth `weight`."""
    return cosines + np.float32(weight) * logits


def _open(thumbnail: bytes) -> Image.Image:
    with Image.open(BytesIO(thumbnail)) as image:
        return image.convert("RGB")
