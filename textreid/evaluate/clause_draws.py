"""Searches by description in galleries drawn from a benchmark: of strangers alone, and as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.clause_answers import (
    CLAUSES,
    RIGHT,
    STRANGER,
    UNCLEAR,
    Asked,
    Told,
    answers,
    ask_in_clauses,
    tell_of_persons,
)
from textreid.evaluate.encoding import encode_images, encode_texts, read_images
from textreid.inference.reranker import blend, rank_with_neighbours
from textreid.types import ImageTextEncoder, PairScorer, ShowProgress

SIZES = (1, 10, 100, 300)
"""Images of a drawn gallery, as far as a half of the persons has strangers."""

NATURAL_SIZES = (10, 100)
"""Images of the galleries that probabilities are fitted on."""

PERSONS, QUERIES, READ = 400, 400, 32
"""Persons that are drawn, descriptions of each class, and hits of each search that the matcher reads: it is
most of the time that a calibration takes."""


@dataclass(frozen=True)
class Draw:
    """The first hits of one search.

    Attributes:
        clauses: class of the description.
        half: of the persons that query and gallery are from, 0 or 1.
        strangers: whether everybody who is right was left out.
        size: images in the gallery.
        scores: [k] float32, falling, what ranks them.
        right: [k] bool.
    """

    clauses: int
    half: int
    strangers: bool
    size: int
    scores: np.ndarray
    right: np.ndarray


def draw_searches(
    encoder: ImageTextEncoder, benchmark: Benchmark, show: ShowProgress, *, seed: int = 0
) -> tuple[list[Draw], list[Draw]]:
    """Searches by cosine, and the same put into order by the model's matcher; none of these without one.

    Args:
        encoder: the model.
        benchmark: captioned images.
        show: called with the progress.
        seed: of everything that is drawn.

    Raises:
        InputError: images cannot be read.
    """
    random = np.random.default_rng(seed)
    persons = random.permutation(sorted({crop.person_id or 0 for crop in benchmark.gallery}))[:PERSONS]
    halves = {int(person): place % 2 for place, person in enumerate(persons)}
    crops = [crop for crop in benchmark.gallery if crop.person_id in halves]
    told = tell_of_persons(crops)
    asked = _choose(ask_in_clauses(crops), random)
    images = encode_images(encoder, crops, "Images", show)
    texts = encode_texts(encoder, [one.text for one in asked], show)
    matcher, tokens = encoder.matcher, []
    if matcher is not None:
        tokens = [
            row for batch in read_images(matcher.image_tokens, crops, "To match", show) for row in batch
        ]
    owners = np.array([crop.person_id for crop in crops])
    half_of = np.array([halves[int(owner)] for owner in owners])
    searched = _Searched(images, owners.tolist(), half_of, told)
    by_cosine: list[Draw] = []
    by_matcher: list[Draw] = []
    for done, (one, text) in enumerate(zip(asked, texts, strict=True), start=1):
        score = None if matcher is None else _logits_of(matcher, one.text, tokens)
        for facts, top, cosines, right in _tops(one, text, searched, halves[one.person], random):
            by_cosine.append(Draw(*facts, cosines, right))
            if matcher is not None and score is not None:
                ranked_by = blend(cosines, score(top), matcher.weight)
                places, strengths = rank_with_neighbours(ranked_by, images[top])
                by_matcher.append(Draw(*facts, strengths, right[places]))
        show("Descriptions", done, len(asked))
    return by_cosine, by_matcher


@dataclass(frozen=True)
class _Searched:
    vectors: np.ndarray
    persons: Sequence[int]
    halves: np.ndarray
    told: Mapping[int, Told]


_Facts = tuple[int, int, bool, int]


def _tops(
    asked: Asked, text: np.ndarray, searched: _Searched, half: int, random: np.random.Generator
) -> Iterator[tuple[_Facts, np.ndarray, np.ndarray, np.ndarray]]:
    """For each gallery: facts, and the first hits' places, cosines and whether they are right."""
    kinds = np.where(searched.halves == half, answers(asked, searched.persons, searched.told), UNCLEAR)
    cosines, order = searched.vectors @ text, random.permutation(len(kinds))
    for strangers, sizes in ((True, SIZES), (False, NATURAL_SIZES)):
        pool = order[kinds[order] == STRANGER if strangers else kinds[order] != UNCLEAR]
        for size in sizes if len(pool) else ():
            drawn = pool[:size]
            top = drawn[np.argsort(-cosines[drawn], kind="stable")][:READ]
            yield (asked.clauses, half, strangers, size), top, cosines[top], kinds[top] == RIGHT


def _choose(asked: Sequence[Asked], random: np.random.Generator) -> list[Asked]:
    chosen = []
    for clauses in range(1, CLAUSES + 1):
        same = [one for one in asked if one.clauses == clauses]
        chosen += [same[place] for place in random.permutation(len(same))[:QUERIES]]
    return chosen


def _logits_of(
    matcher: PairScorer, text: str, tokens: Sequence[np.ndarray]
) -> Callable[[np.ndarray], np.ndarray]:
    """Scores images by their places, each once: the galleries of one description share images."""
    words, known = matcher.text_tokens(text), dict[int, float]()

    def score(places: np.ndarray) -> np.ndarray:
        new = [place for place in places.tolist() if place not in known]
        known.update(zip(new, matcher.score_pairs(words, [tokens[place] for place in new]), strict=True))
        return np.array([known[place] for place in places.tolist()], np.float32)

    return score
