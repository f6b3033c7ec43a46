"""How high scores rise when the person is not there, and how often the right image still comes first.

A benchmark has one gallery, in which everybody is; people search galleries of any size, in which the person
may not be. What would happen there is computed, not simulated: of a query's wrong images in falling order,
the j-th is the best of N drawn at random if it is drawn and none of the j - 1 before it is, so

    P(best is the j-th of W) = (1 - N/W) (1 - N/(W-1)) ... (1 - N/(W-j+2)) * N / (W-j+1),

and a mean over the queries is the distribution of the best score that N strangers reach. It keeps what
1 - (1 - p)^N would lose: some queries resemble everybody a little, and they are the ones that raise alarms.

Scores are counted in bins of 0.0001, a few queries at a time, so that memory does not grow with the pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from textreid.metrics.ranking import cosine_scores
from textreid.metrics.search import Search

BINS = 20_000
CENTRES = (np.arange(BINS) + 0.5) * 2 / BINS - 1
"""[BINS] float64, the cosine in the middle of each bin."""


@dataclass(frozen=True)
class Tally:
    """The pairs of one direction of a benchmark, counted by score; junk and own views are left out.

    Attributes:
        right: [BINS] float64, pairs of a query and an image of its person.
        wrong: [BINS] float64, pairs of a query and an image of somebody else.
        sizes: S sizes of galleries.
        best: [S, BINS] float64, fraction of the queries whose best score among `sizes[i]` strangers lies
            in the bin; each row sums to 1.
    """

    right: np.ndarray
    wrong: np.ndarray
    sizes: tuple[int, ...]
    best: np.ndarray

    def passing(self, score: float) -> np.ndarray:
        """[S] float64, the fraction of the queries that find a stranger with at least this score."""
        return self.best[:, _bins(np.asarray(score)) :].sum(axis=1)


@dataclass(frozen=True)
class FirstHits:
    """Who comes first among N images of which one is right, counted by score.

    Attributes:
        right: [BINS] float64, fraction of the searches whose first hit is the right image, with such a score.
        wrong: [BINS] float64, fraction of those whose first hit is somebody else. Both together sum to 1.
    """

    right: np.ndarray
    wrong: np.ndarray

    @property
    def found(self) -> float:
        """The fraction of the searches that the right image leads."""
        return float(self.right.sum())

    def led_above(self, score: float) -> float:
        """The fraction of the searches that the right image leads with at least this score."""
        return float(self.right[_bins(np.asarray(score)) :].sum())


def tally(search: Search, sizes: Sequence[int]) -> Tally:
    """Count the pairs of a search, and the best scores of strangers in galleries of these sizes.

    Args:
        search: Q queries and their gallery.
        sizes: how many images a gallery holds; one of more than there are strangers counts as all of them.
    """
    right, wrong, best = np.zeros(BINS), np.zeros(BINS), np.zeros((len(sizes), BINS))
    for same, others in _rows(search):
        right += np.bincount(_bins(same), minlength=BINS)
        places = _bins(others)
        wrong += np.bincount(places, minlength=BINS)
        for number, size in enumerate(sizes):
            best[number] += np.bincount(places, _first(len(others), size), BINS)
    return Tally(right, wrong, tuple(sizes), best / len(search.queries))


def first_hits(search: Search, size: int) -> FirstHits:
    """Who comes first among `size` images: one of the person, drawn at random, and strangers.

    Args:
        search: Q queries and their gallery; those without a right answer are left out.
        size: how many images the gallery holds.
    """
    right, wrong, queries = np.zeros(BINS), np.zeros(BINS), 0
    for same, others in _rows(search):
        if not len(same):
            continue
        queries += 1
        places, first = _bins(others), _first(len(others), size - 1)
        beaten = np.searchsorted(-others, -same)  # strangers that score more than each right image
        ahead = np.concatenate([[0.0], np.cumsum(first)])[beaten]
        right += np.bincount(_bins(same), (1 - ahead) / len(same), BINS)
        behind = (np.arange(len(others)) < beaten[:, None]).mean(axis=0)
        wrong += np.bincount(places, first * behind, BINS)
    return FirstHits(right / queries, wrong / queries)


def calibration_error(predicted: np.ndarray, right: np.ndarray, wrong: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015): mean |predicted - true| fraction, by mass.

    Args:
        predicted: [BINS] in [0, 1], the probability that is claimed of a hit in each bin of scores.
        right: [BINS] mass of hits that are right.
        wrong: [BINS] mass of hits that are wrong.
        bins: equal ranges of the predicted probability.
    """
    claimed, found, mass = reliability(predicted, right, wrong, bins)
    return float(np.abs(claimed - found).sum() / mass.sum())


def reliability(predicted: np.ndarray, right: np.ndarray, wrong: np.ndarray, bins: int) -> np.ndarray:
    """What a reliability diagram shows, before the division by mass.

    Args:
        predicted: [BINS] in [0, 1], as in `calibration_error`.
        right: [BINS] mass of hits that are right.
        wrong: [BINS] mass of hits that are wrong.
        bins: equal ranges of the predicted probability.

    Returns:
        [3, bins] float64: the mass that is claimed to be right, that is right, and all.
    """
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    mass = right + wrong
    return np.stack([np.bincount(place, weights, bins) for weights in (predicted * mass, right, mass)])


def _rows(search: Search) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each query, the scores of its right answers [P] and, falling, those of strangers [W]."""
    number = 0
    for chunk in cosine_scores(search.queries, search.gallery):
        for row in chunk:
            positive, junk = search.relevance(number)
            strangers = np.ones(len(row), bool)
            strangers[positive] = strangers[junk] = False
            yield row[positive], np.sort(row[strangers])[::-1]
            number += 1


def _first(count: int, size: int) -> np.ndarray:
    """[count]: how likely each of `count`, best first, is the best of `size` drawn without replacement."""
    left = count - np.arange(count)
    none = np.cumprod(np.concatenate([[1.0], np.maximum(left - size, 0) / left]))
    return none[:-1] - none[1:]


def _bins(scores: np.ndarray) -> np.ndarray:
    return np.clip((scores + 1) * (BINS / 2), 0, BINS - 1).astype(np.int64)
