"""How far a metric could move if the test persons had been others."""

from __future__ import annotations

import numpy as np


def interval(
    values: np.ndarray, person_ids: np.ndarray, *, draws: int = 1000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile bootstrap interval of column means, resampling persons with replacement.

    Queries of one person are not independent (captions of the same images, the same clothes), so whole
    persons are drawn, each with all of its queries (cluster bootstrap; Davison & Hinkley 1997, section 3.8).
    The interval says how the choice of test persons moves the number; it does not cover another training seed
    or another gallery.

    Args:
        values: [Q, M] float, one row a query, one column a metric.
        person_ids: [Q] int.
        draws: bootstrap samples.
        seed: of the draws: the same input gives the same interval.

    Returns:
        low [M] and high [M] float64: the 2.5th and 97.5th percentiles.
    """
    _, person = np.unique(person_ids, return_inverse=True)
    persons = int(person.max()) + 1
    totals = np.zeros((persons, values.shape[1]))
    np.add.at(totals, person, values)
    sizes = np.bincount(person)
    draw = np.random.default_rng(seed)
    means = np.empty((draws, values.shape[1]))
    for number in range(draws):
        times = np.bincount(draw.integers(persons, size=persons), minlength=persons)
        means[number] = (times @ totals) / (times @ sizes)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return low, high
