"""What a model's scores mean, measured on a benchmark, and whether that holds for persons it has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from textreid.calibration import Scale
from textreid.errors import InputError
from textreid.metrics.open_set import BINS, CENTRES, Tally, calibration_error, first_hits, tally
from textreid.metrics.protocols import Search

RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""The false-alarm rates that thresholds are kept for: rarer ones take more queries than benchmarks have."""

PRIOR = 0.01
"""Share of right pairs that the curve is fitted at, so that it is right at the scores which decide among a
hundred or so pictures. Equal weights would make it right at scores that decide between two."""

LEAST = 0.01
"""Claims below this are as good as none."""

SIZES = (10, 100, 1000, 10_000)
"""The galleries that a calibration is checked with."""


@dataclass(frozen=True)
class Trial:
    """A calibration tried with other persons in galleries of N pictures, one of them right, or none.

    Attributes:
        size: N.
        error: expected calibration error of the pictures that are given a probability of 1 % and more.
        cosine_error: the same where the cosine itself is taken for a probability.
        claimed: mean probability of first hits.
        right: share of first hits that are right: more than is claimed, as a probability looks at nothing but
            its own picture, and the first has beaten all others.
        found: share of the searches for somebody who is there whose first hit is right, at no threshold.
        rates: R false-alarm rates that were asked for.
        thresholds: R scores that they take.
        realised: R shares of the searches for somebody who is not there that found somebody.
        kept: R shares of the searches for somebody who is there whose first hit was right and passed.
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


def fit(search: Search, data: str) -> Scale:
    """What the scores of one direction mean.

    Args:
        search: queries and their gallery, encoded.
        data: what they are, such as "cuhk-pedes val".

    Raises:
        InputError: there is nothing to learn from: no right answers, no strangers, or scores that do not tell
            them apart.
    """
    most = _strangers(search)
    sizes = np.geomspace(1, most, 1 + max(1, round(2 * np.log10(most)))).round() if most > 1 else [1]
    counted = tally(search, [int(size) for size in dict.fromkeys(sizes)])
    if most < 2 or not counted.right.any():
        raise InputError(f"{data} has too few persons to learn from: some must be there twice.")
    slope, offset = log_likelihood_ratio(counted.right, counted.wrong)
    try:
        return Scale(data, slope, offset, counted.sizes, RATES, _thresholds(counted))
    except ValueError as error:
        raise InputError(f"The model does not tell the persons of {data} apart: {error}.") from error


def log_likelihood_ratio(right: np.ndarray, wrong: np.ndarray, prior: float = PRIOR) -> tuple[float, float]:
    """Slope and offset, over arcsin(score), of log p(score | same person) - log p(score | another).

    The targets are Platt's, (n + 1) / (n + 2) and 1 / (m + 2) for n right and m wrong pairs, so that a model
    that never errs on the benchmark is not believed to be infallible.

    Args:
        right: [BINS] right pairs by score.
        wrong: [BINS] wrong pairs by score.
        prior: share of the weight that right pairs have.
    """
    n, m = right.sum(), wrong.sum()
    sure = np.array([(n + 1) / (n + 2), 1 / (m + 2)])
    masses = np.stack([prior * right / n, (1 - prior) * wrong / m])
    used = masses.any(axis=0)
    weights = np.concatenate([(sure @ masses)[used], ((1 - sure) @ masses)[used]])
    labels = np.repeat([1, 0], used.sum())
    curve = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-9, max_iter=1000)
    curve.fit(np.tile(np.arcsin(CENTRES[used]), 2)[:, None], labels, weights)
    return float(curve.coef_[0, 0]), float(curve.intercept_[0] - np.log(prior / (1 - prior)))


def check(search: Search, data: str, *, seed: int = 0) -> list[Trial]:
    """Fit on half of the persons and try it on the other half, then the other way round: means of both.

    Args:
        search: queries and their gallery, encoded.
        data: what they are.
        seed: of the drawing of the halves.

    Raises:
        InputError: as `fit`.
    """
    one, other = halves(search, seed)
    sizes = [size for size in SIZES if size <= min(_strangers(one), _strangers(other))]
    there, back = _try(fit(one, data), other, sizes), _try(fit(other, data), one, sizes)
    return [
        Trial(
            size,
            **{
                name: np.mean([value, vars(second)[name]], axis=0).tolist()
                for name, value in vars(first).items()
                if name != "size"
            },
        )
        for size, first, second in zip(sizes, there, back, strict=True)
    ]


def halves(search: Search, seed: int) -> tuple[Search, Search]:
    """The same search twice, each with half of the persons on both sides; distractors are shared out too."""
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


def _try(scale: Scale, search: Search, sizes: Sequence[int]) -> Iterator[Trial]:
    counted = tally(search, sizes)
    for number, size in enumerate(sizes):
        there, claims = size / (size + 1), scale.probabilities(CENTRES, size)
        hits = first_hits(search, size)
        first = there * (hits.right + hits.wrong) + (1 - there) * counted.best[number]
        thresholds = tuple(scale.threshold(rate, size) for rate in RATES)
        yield Trial(
            size,
            error=_error(claims, counted, size),
            cosine_error=_error(CENTRES, counted, size),
            claimed=float(claims @ first),
            right=there * hits.found,
            found=hits.found,
            rates=RATES,
            thresholds=thresholds,
            realised=tuple(float(counted.passing(score)[number]) for score in thresholds),
            kept=tuple(map(hits.kept, thresholds)),
        )


def _error(claims: np.ndarray, counted: Tally, size: int) -> float:
    """The calibration error of pairs, of which one in `size` + 1 is right, where anything is claimed."""
    right = counted.right / counted.right.sum()
    wrong = size * counted.wrong / counted.wrong.sum()
    told = claims >= LEAST
    return calibration_error(claims[told], right[told], wrong[told])


def _thresholds(counted: Tally) -> tuple[tuple[float, ...], ...]:
    """For each size and rate, the lowest score that no more than this share of strangers' best reaches."""
    tails = np.cumsum(counted.best[:, ::-1], axis=1)[:, ::-1]
    edges = np.arange(BINS + 1) * 2 / BINS - 1
    return tuple(
        tuple(float(edges[np.argmax(np.append(tail, 0.0) <= rate)].round(6)) for rate in RATES)
        for tail in tails
    )


def _strangers(search: Search) -> int:
    """How many pictures of others every query has at least."""
    known = max(sum(map(len, search.relevance(query))) for query in range(len(search.queries)))
    return len(search.gallery) - known
