"""What a model's scores mean, measured on a benchmark."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from textreid.errors import InputError
from textreid.inference.calibration import Scale
from textreid.metrics.open_set import BINS, CENTRES, Tally, tally
from textreid.metrics.search import Search

FALSE_ALARM_RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""The false-alarm rates that thresholds are stored for: rarer ones take more queries than benchmarks have."""

PRIOR = 0.01
"""Fraction of right pairs that the curve is fitted at, so that it is right at the scores which decide among a
hundred or so crops. Equal weights would make it right at scores that decide between two."""


def fit_scale(search: Search, data: str) -> Scale:
    """What the scores of one direction mean.

    Args:
        search: queries and their gallery, encoded.
        data: what they are, such as "cuhk-pedes val".

    Raises:
        InputError: there is nothing to learn from: no right answers, no strangers, or scores that do not tell
            them apart.
    """
    too_few = InputError(f"{data} has too few persons to learn from: some must be there twice.")
    most = count_strangers(search)
    if most < 2:
        raise too_few
    sizes = np.geomspace(1, most, 1 + max(1, round(2 * np.log10(most)))).round().astype(int)
    counted = tally(search, np.unique(sizes).tolist())
    if not counted.right.any():
        raise too_few
    slope, offset = log_likelihood_ratio(counted.right, counted.wrong)
    try:
        return Scale(data, slope, offset, counted.sizes, FALSE_ALARM_RATES, _thresholds(counted))
    except ValueError as error:
        raise InputError(f"The model does not tell the persons of {data} apart: {error}.") from error


def log_likelihood_ratio(right: np.ndarray, wrong: np.ndarray, prior: float = PRIOR) -> tuple[float, float]:
    """Slope and offset, over arcsin(score), of log p(score | same person) - log p(score | another).

    The targets are Platt's, (n + 1) / (n + 2) and 1 / (m + 2) for n right and m wrong pairs, so that a model
    that never errs on the benchmark is not believed to be infallible.

    Args:
        right: [BINS] right pairs by score.
        wrong: [BINS] wrong pairs by score.
        prior: fraction of the weight that right pairs have.
    """
    n, m = right.sum(), wrong.sum()
    sure = np.array([(n + 1) / (n + 2), 1 / (m + 2)])
    masses = np.stack([prior * right / n, (1 - prior) * wrong / m])
    used = masses.any(axis=0)
    weights = np.concatenate([(sure @ masses)[used], ((1 - sure) @ masses)[used]])
    labels = np.repeat([1, 0], used.sum())
    curve = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-9, max_iter=1000)
    curve.fit(np.tile(np.arcsin(CENTRES[used]), 2)[:, None], labels, weights)
    offset = curve.intercept_[0] - np.log(prior / (1 - prior))
    return round(float(curve.coef_[0, 0]), 4), round(float(offset), 4)


def count_strangers(search: Search) -> int:
    """How many crops of other persons every query has at least."""
    known = max(sum(map(len, search.relevance(query))) for query in range(len(search.queries)))
    return len(search.gallery) - known


def _thresholds(counted: Tally) -> tuple[tuple[float, ...], ...]:
    """For each size and rate, the lowest score that no more than this fraction of strangers' best reaches."""
    tails = np.cumsum(counted.best[:, ::-1], axis=1)[:, ::-1]
    edges = np.arange(BINS + 1) * 2 / BINS - 1
    return tuple(
        tuple(float(edges[np.argmax(np.append(tail, 0.0) <= rate)].round(6)) for rate in FALSE_ALARM_RATES)
        for tail in tails
    )
