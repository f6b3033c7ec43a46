"""The queries that went best and worst, with what they found."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from textreid.evaluate.encoding import Item
from textreid.evaluate.evaluation import Evaluation
from textreid.evaluate.methods import scores_of
from textreid.io.images import open_image
from textreid.metrics.ranking import average_precision, cosine_scores, top_places

QUERIES, HITS, HEIGHT = 5, 6, 128
"""Queries shown of each kind, hits of each, and the height of an image in pixels."""


@dataclass(frozen=True)
class Hit:
    """One hit of a query.

    Attributes:
        item: what was found.
        right: whether it is the person asked for.
    """

    item: Item
    right: bool


@dataclass(frozen=True)
class Extreme:
    """One query and its first hits.

    Attributes:
        query: what was asked.
        precision: average precision, percent.
        first: rank of its first right answer.
        hits: the best of the gallery, best first.
    """

    query: Item
    precision: float
    first: int
    hits: tuple[Hit, ...]


def extremes(
    evaluation: Evaluation, direction: str, *, count: int = QUERIES
) -> tuple[list[Extreme], list[Extreme]]:
    """The `count` best and worst queries by average precision, of different persons as far as there are.

    Args:
        evaluation: with the vectors it was measured with.
        direction: one of its directions.
        count: how many of each.
    """
    found, encoded = evaluation.directions[direction].found, evaluation.encoded[direction]
    search, scored = encoded.search, np.flatnonzero(found.scored)
    precision = average_precision(found)
    order = np.argsort(-precision, kind="stable").tolist()
    persons = search.query_ids[scored]
    best, worst = (_of_different_persons(some, persons, count) for some in (order, order[::-1]))
    scores = scores_of(encoded, evaluation.methods)
    if scores is None:
        scores = cosine_scores(search.queries, search.gallery)
    top = top_places(scores, search.relevance, HITS, set(scored[best + worst].tolist()))

    def describe(place: int) -> Extreme:
        query = int(scored[place])
        hits = tuple(
            Hit(encoded.gallery[hit], search.gallery_ids[hit] == search.query_ids[query])
            for hit in top[query].tolist()
        )
        first = int(found.ranks[found.first[place]])
        return Extreme(encoded.queries[query], 100 * float(precision[place]), first, hits)

    return [describe(place) for place in best], [describe(place) for place in worst]


def thumbnail(image: Path) -> str:
    """An image file as a data URL, small."""
    small = open_image(image)
    small.thumbnail((HEIGHT, HEIGHT), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.convert("RGB").save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def _of_different_persons(order: list[int], persons: np.ndarray, count: int) -> list[int]:
    """The first of `order` of each person."""
    chosen: dict[int, int] = {}
    for place in order:
        chosen.setdefault(int(persons[place]), place)
        if len(chosen) == count:
            break
    return list(chosen.values())
