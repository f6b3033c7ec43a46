"""What ranks mean by the number of clauses: fitted on drawn searches, and tried on persons not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from textreid.errors import InputError
from textreid.evaluate.calibration_fit import FALSE_ALARM_RATES
from textreid.evaluate.clause_answers import CLAUSES
from textreid.evaluate.clause_draws import SIZES, Draw
from textreid.inference.calibration import Scale

LEAST = 20
"""Searches of each class and size; with fewer there is nothing to learn from."""

CROWDINGS = np.linspace(0, 1, 11)
"""How far a larger gallery may lower the odds; the likeliest is taken."""


@dataclass(frozen=True)
class ClauseTrial:
    """Scales tried on descriptions of one class, of persons that the fit has not seen.

    Attributes:
        clauses: the class, the last for whole captions.
        size: images in the galleries.
        queries: how many searches.
        rates: R false-alarm rates that were asked for.
        realised: R fractions of the searches among strangers that found somebody.
        found: fraction of the searches in galleries as they come whose first hit is right;
            None: there are none of this size.
        kept: R fractions of those that passed; likewise.
        claimed: mean probability of first hits there; likewise.
    """

    clauses: int
    size: int
    queries: int
    rates: tuple[float, ...]
    realised: tuple[float, ...]
    found: float | None
    kept: tuple[float, ...] | None
    claimed: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values with four decimals."""
        return {
            name: value if value is None else np.round(value, 4).tolist()
            for name, value in vars(self).items()
        }


def fit_clauses(draws: Sequence[Draw], data: str) -> tuple[Scale, ...]:
    """A scale for each class of descriptions; () where a class has too few of them, as other languages have.

    Args:
        draws: of `draw_searches`.
        data: what they are from.

    Raises:
        InputError: the model does not tell the persons apart.
    """
    counts = Counter((d.clauses, d.strangers, d.size) for d in draws)
    classes = range(1, CLAUSES + 1)
    if any(counts[c, True, size] < LEAST for c in classes for size in SIZES):
        return ()
    return tuple(_fit([d for d in draws if d.clauses == c], data) for c in classes)


def try_clauses(draws: Sequence[Draw], data: str) -> list[ClauseTrial]:
    """Scales of each half of the persons, tried on the other half; nothing where there are too few searches.

    Raises:
        InputError: as `fit_clauses`.
    """
    fitted = [fit_clauses([d for d in draws if d.half == half], data) for half in (0, 1)]
    if not all(fitted):
        return []
    return [_try(draws, fitted, clauses, size) for clauses in range(1, CLAUSES + 1) for size in SIZES]


def _try(draws: Sequence[Draw], fitted: Sequence[tuple[Scale, ...]], clauses: int, size: int) -> ClauseTrial:
    scales = {half: fitted[1 - half][clauses - 1] for half in (0, 1)}
    same = [d for d in draws if d.clauses == clauses and d.size == size]
    needed = {(h, r): scales[h].threshold(r, size) for h in (0, 1) for r in FALSE_ALARM_RATES}

    def passing(searches: Sequence[Draw]) -> tuple[float, ...]:
        return tuple(
            float(np.mean([d.scores[0] >= needed[d.half, rate] for d in searches]))
            for rate in FALSE_ALARM_RATES
        )

    strange, natural = [d for d in same if d.strangers], [d for d in same if not d.strangers]
    found = [d for d in natural if d.right[0]]
    claims = [scales[d.half].probabilities(d.scores[:1], size)[0] for d in natural]
    return ClauseTrial(
        clauses,
        size,
        len(strange),
        FALSE_ALARM_RATES,
        passing(strange),
        len(found) / len(natural) if natural else None,
        passing(found) if found else None,
        float(np.mean(claims)) if natural else None,
    )


def _fit(draws: Sequence[Draw], data: str) -> Scale:
    natural = [d for d in draws if not d.strangers]
    alone = {size: [d.scores[0] for d in draws if d.strangers and d.size == size] for size in SIZES}
    angles = np.arcsin(np.clip(np.concatenate([d.scores for d in natural]), -1, 1))
    sizes = np.log(np.concatenate([np.full(len(d.scores), d.size) for d in natural]))
    right = np.concatenate([d.right for d in natural]).astype(float)
    fits = [(*_logistic(angles, right, -crowding * sizes), crowding) for crowding in CROWDINGS]
    _, slope, offset, crowding = min(fits)
    quantiles = 1 - np.array(FALSE_ALARM_RATES)
    table = np.stack([np.quantile(alone[size], quantiles, method="higher") for size in SIZES])
    table = np.clip(np.maximum.accumulate(table, axis=0), -1, 1).astype(np.float64)
    rows = tuple(tuple(row.round(4).tolist()) for row in table)
    try:
        return Scale(
            data, round(slope, 4), round(offset, 4), SIZES, FALSE_ALARM_RATES, rows, round(crowding, 1)
        )
    except ValueError as error:
        raise InputError(f"The model does not tell the persons of {data} apart: {error}.") from error


def _logistic(x: np.ndarray, right: np.ndarray, known: np.ndarray) -> tuple[float, float, float]:
    """(loss, slope, offset) of right ~ sigmoid(slope x + offset + known), by Newton's method."""
    features, weights = np.stack([x, np.ones_like(x)], axis=1), np.zeros(2)
    for _ in range(50):
        odds = features @ weights + known
        claimed = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
        curvature = features.T @ (features * (claimed * (1 - claimed))[:, None]) + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, features.T @ (right - claimed))
        weights = weights + np.clip(step, -10, 10)
        if np.abs(step).max() < 1e-6:
            break
    odds = features @ weights + known
    return float(np.mean(np.logaddexp(0, odds) - right * odds)), float(weights[0]), float(weights[1])
