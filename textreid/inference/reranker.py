"""The best hits of a search, put into order by a model that reads the sentence and each image together.

The search compares one vector with one vector, over any number of people; the matcher
(`textreid.models.matchers.cross_attention`) reads the tokens of both, some milliseconds a pair. So it sees
the first hits alone, best first, as many as are asked for and as fit into a budget of time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Protocol, TypeGuard

import numpy as np
from PIL import Image

from textreid.errors import ModelError
from textreid_index import EncoderInfo, Gallery, Hits

FIRST = 64
"""Hits that are read where nobody says how many."""

AT_ONCE = 16
"""Images read in one go; the budget is looked at before each."""

VOUCHED = 5
"""Hits whose order the pictures that look like them take part in."""

ALIKE, LIKENESS = 3, 0.08
"""Pictures that look most like a hit, itself among them, and the temperature of what they weigh by."""

KEPT = 512
"""Images whose tokens stay in memory for the next search."""

Match = Callable[[Sequence[np.ndarray]], np.ndarray]
"""The tokens of N images -> [N] float32 logits that a sentence describes them."""


class Matching(Protocol):
    """A model with a matcher. `textreid.Encoder` is one."""

    info: EncoderInfo
    has_matcher: bool
    say: float

    def image_tokens(self, images: Sequence[Image.Image]) -> list[np.ndarray]:
        """What each picture's matching is read from."""
        ...

    def matching(self, text: str) -> Match:
        """How well pictures match this sentence."""
        ...


def can_match(encoder: object) -> TypeGuard[Matching]:
    """Whether the encoder has a matcher."""
    return getattr(encoder, "has_matcher", False) is True


def matching_model(encoder: object) -> Matching:
    """The same encoder, if it can match.

    Raises:
        ModelError: it cannot.
    """
    if can_match(encoder):
        return encoder
    name = getattr(getattr(encoder, "info", None), "name", "this model")
    raise ModelError(
        f"The model '{name}' has no matcher to re-rank with: search without re-ranking, or train a model "
        "whose recipe has a [model.matcher] table."
    )


class Rescorer:
    """Re-ranks the hits of a gallery from its thumbnails, whose tokens it keeps until the gallery changes.

    Args:
        gallery: that the hits are of.
        encoder: what reads them.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self, gallery: Gallery, encoder: Matching, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.gallery, self.encoder, self.clock = gallery, encoder, clock
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._generation = gallery.generation
        self._lock = threading.Lock()

    def __call__(self, text: str, hits: Hits, top: int, budget: float | None = None) -> Hits:
        """The hits, the first of them in the order of cosine and matcher together.

        Args:
            text: what the person looks like.
            hits: best first.
            top: how many of them to read.
            budget: seconds after which no more are read; None: as long as it takes. What was read until then
                is put into order.

        Returns:
            The same people; `matches` holds the probability of each that was read, NaN of the others.
        """
        start = before = self.clock()
        longest, logits = 0.0, np.empty(0, np.float32)
        match: Match | None = None
        ids = hits.ids[:top]
        while len(logits) < len(ids) and (budget is None or before - start + longest < budget):
            match = match or self.encoder.matching(text)
            chunk = ids[len(logits) : len(logits) + AT_ONCE]
            logits = np.concatenate([logits, match(self._tokens(chunk))])
            now = self.clock()
            longest, before = max(longest, now - before), now
        vectors = self.gallery.vectors(ids[: len(logits)])
        return reorder(hits, logits, vectors, self.encoder.say)

    def _tokens(self, ids: Sequence[str]) -> list[np.ndarray]:
        with self._lock:
            if self._generation != self.gallery.generation:
                self._kept.clear()
                self._generation = self.gallery.generation
            found = {id: self._kept[id] for id in ids if id in self._kept}
        missing = [id for id in ids if id not in found]
        if missing:
            pictures = [_open(self.gallery.thumbnail(id)) for id in missing]
            found |= zip(missing, self.encoder.image_tokens(pictures), strict=True)
        with self._lock:
            for id in ids:
                self._kept[id] = found[id]
                self._kept.move_to_end(id)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return [found[id] for id in ids]


def reorder(hits: Hits, logits: np.ndarray, vectors: np.ndarray, say: float) -> Hits:
    """The first hits as `placed` puts them, the others behind them as they were.

    Args:
        hits: k of them, best first.
        logits: [N] float32, N ≤ k, of the first.
        vectors: [N, D] float32 of unit norm, of their pictures.
        say: how much cosine one unit of a logit is worth.
    """
    read = len(logits)
    order = placed(blend(hits.scores[:read], logits, say), vectors)
    matches = np.full(len(hits), np.nan, np.float32)
    matches[:read] = 1 / (1 + np.exp(-logits[order]))
    return replace(hits.take(np.concatenate([order, np.arange(read, len(hits))])), matches=matches)


def matched_scores(
    chunks: Iterable[np.ndarray],
    matches: Iterable[Match],
    tokens: Sequence[np.ndarray],
    vectors: np.ndarray,
    top: int,
    say: float,
) -> Iterator[np.ndarray]:
    """Scores of many queries after re-ranking: the best of each row as `placed`, above all others of the row.

    Args:
        chunks: [q, G] float32 each, cosines of Q queries in all.
        matches: Q, one a query.
        tokens: G, of the gallery's images.
        vectors: [G, D] float32 of unit norm, of the same.
        top: how many of a row are read.
        say: how much cosine one unit of a logit is worth.

    Yields:
        [q, G] float32; those that were read have a score above 2, by their place.
    """
    waiting = iter(matches)
    for cosines in chunks:
        scores = cosines.copy()
        for row in scores:
            best = np.argsort(-row, kind="stable")[:top]
            logits = next(waiting)([tokens[place] for place in best])
            order = placed(blend(row[best], logits, say), vectors[best])
            row[best[order]] = np.linspace(3, 2, len(best), endpoint=False)
        yield scores


def placed(scores: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """[N] int64, hits in order: by their scores, and the first few also by those of their like.

    Most people have several pictures in a gallery, and it takes chance to be wrong about all of them: half of
    a score is the mean of the scores of the most similar pictures among the hits (database-side augmentation:
    Arandjelović and Zisserman, "Three Things Everyone Should Know to Improve Object Retrieval", CVPR 2012).
    It decides the order of the first five alone: further down it would put few people into all places.

    Args:
        scores: [N] float32.
        vectors: [N, D] float32 of unit norm.
    """
    order = np.argsort(-scores, kind="stable")
    first, likeness = order[:VOUCHED], vectors[order[:VOUCHED]] @ vectors.T
    alike = np.argsort(-likeness, axis=1, kind="stable")[:, :ALIKE]
    weights = np.exp((np.take_along_axis(likeness, alike, axis=1) - 1) / LIKENESS)
    vouched = scores[first] + (weights * scores[alike]).sum(axis=1) / weights.sum(axis=1)
    return np.concatenate([first[np.argsort(-vouched, kind="stable")], order[VOUCHED:]])


def blend(cosines: np.ndarray, logits: np.ndarray, say: float) -> np.ndarray:
    """[N] float32: cosines and logits, each unit of which is worth `say`."""
    return cosines + np.float32(say) * logits


def _open(thumbnail: bytes) -> Image.Image:
    with Image.open(BytesIO(thumbnail)) as picture:
        return picture.convert("RGB")
