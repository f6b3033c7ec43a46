"""Whether a calibration holds for persons it has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from textreid.evaluate.calibration_fit import FALSE_ALARM_RATES, count_strangers, fit_scale
from textreid.inference.calibration import Scale
from textreid.metrics.open_set import CENTRES, Tally, calibration_error, first_hits, tally
from textreid.metrics.search import Search

GALLERY_SIZES = (10, 100, 1000, 10_000)
"""The galleries that a calibration is tried with, as far as the data reach."""

MIN_CLAIM = 0.01
"""Claimed probabilities below this are as good as none."""


@dataclass(frozen=True)
class Trial:
    """A calibration tried with other persons in galleries of N crops, one of them right, or none.

    Attributes:
        size: N.
        error: expected calibration error of the crops that are given a probability of 1 % and more.
        cosine_error: the same where the cosine itself is taken for a probability.
        claimed: mean probability of first hits.
        right: fraction of first hits that are right: more than is claimed, as a probability looks at nothing
            but its own crop, and the first has beaten all others.
        found: fraction of the searches for somebody who is there whose first hit is right, at no threshold.
        rates: R false-alarm rates that were asked for.
        thresholds: R scores that they take.
        realised: R fractions of the searches for somebody who is not there that found somebody.
        kept: R fractions of the searches for somebody who is there whose first hit was right and passed.
    """

    size: int
    error: float
    cosine_error: float
    claimed: float
    right: float
    found: float
    rates: tuple[float, ...]
    thresholds: tuple[float, ...]
    realised: tuple[float, ...]
    kept: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values with four decimals."""
        return {name: np.round(value, 4).tolist() for name, value in vars(self).items()}


def check_calibration(search: Search, data: str, *, seed: int = 0) -> list[Trial]:
    """Fit on half of the persons and try it on the other half, then the other way round: means of both.

    Args:
        search: queries and their gallery, encoded.
        data: what they are.
        seed: of the drawing of the halves.

    Raises:
        InputError: as `fit_scale`.
    """
    one, other = halve_persons(search, seed)
    sizes = [size for size in GALLERY_SIZES if size <= min(count_strangers(one), count_strangers(other))]
    there, back = _tries(fit_scale(one, data), other, sizes), _tries(fit_scale(other, data), one, sizes)
    return [_mean(*both) for both in zip(there, back, strict=True)]


def _mean(one: Trial, other: Trial) -> Trial:
    pairs = {name: (value, vars(other)[name]) for name, value in vars(one).items() if name != "size"}
    return Trial(one.size, **{name: np.mean(pair, axis=0).tolist() for name, pair in pairs.items()})


def halve_persons(search: Search, seed: int) -> tuple[Search, Search]:
    """The same search twice, each with half of the persons on both sides; distractors are divided too."""
    draw = np.random.default_rng(seed)
    persons = draw.permutation(np.unique(search.query_ids))
    chosen = persons[: len(persons) // 2]
    mine = np.isin(search.gallery_ids, chosen)
    nobodys = ~np.isin(search.gallery_ids, persons)
    mine[nobodys] = draw.random(nobodys.sum()) < 0.5
    asked = np.isin(search.query_ids, chosen)
    return _part(search, asked, mine), _part(search, ~asked, ~mine)


def _part(search: Search, queries: np.ndarray, gallery: np.ndarray) -> Search:
    own, cameras, seen = search.own, search.query_cameras, search.gallery_cameras
    return replace(
        search,
        queries=search.queries[queries],
        query_ids=search.query_ids[queries],
        gallery=search.gallery[gallery],
        gallery_ids=search.gallery_ids[gallery],
        query_cameras=None if cameras is None else cameras[queries],
        gallery_cameras=None if seen is None else seen[gallery],
        own=None if own is None else (np.cumsum(gallery) - 1)[own[queries]],
    )


def _tries(scale: Scale, search: Search, sizes: Sequence[int]) -> Iterator[Trial]:
    counted = tally(search, sizes)
    for number, size in enumerate(sizes):
        there, claims = size / (size + 1), scale.probabilities(CENTRES, size)
        hits = first_hits(search, size)
        first = there * (hits.right + hits.wrong) + (1 - there) * counted.best[number]
        thresholds = tuple(scale.threshold(rate, size) for rate in FALSE_ALARM_RATES)
        yield Trial(
            size,
            error=_pair_error(claims, counted, size),
            cosine_error=_pair_error(CENTRES, counted, size),
            claimed=float(claims @ first),
            right=there * hits.found,
            found=hits.found,
            rates=FALSE_ALARM_RATES,
            thresholds=thresholds,
            realised=tuple(float(counted.passing(score)[number]) for score in thresholds),
            kept=tuple(map(hits.led_above, thresholds)),
        )


def _pair_error(claims: np.ndarray, counted: Tally, size: int) -> float:
    return calibration_error(*weigh_pairs(claims, counted, size))


def weigh_pairs(claims: np.ndarray, counted: Tally, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Claims of 1 % and more, and the mass of right and wrong pairs at each; one in `size` + 1 is right.

    Args:
        claims: [BINS] in [0, 1], the probability that is claimed in each bin of scores.
        counted: the pairs.
        size: N, wrong crops for each right one.
    """
    right = counted.right / counted.right.sum()
    wrong = size * counted.wrong / counted.wrong.sum()
    counts = claims >= MIN_CLAIM
    return claims[counts], right[counts], wrong[counts]
