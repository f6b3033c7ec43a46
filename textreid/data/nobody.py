"""Images of nobody, unknown or drawn by a network, joined to the batches of people who are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np


def with_nobody(
    batches: Sequence[Sequence[int]], rows: Sequence[int], count: int, own: range, *, seed: int, epoch: int
) -> Iterator[list[int]]:
    """Each batch, followed by images of nobody; all are drawn before one comes again in an epoch.

    Args:
        batches: rows of images of people who are known, that this process sees.
        rows: those of nobody, at least one.
        count: how many join each batch, in all processes together.
        own: which of these this process sees.
        seed: of their order.
        epoch: another order in each.
    """
    rng = np.random.default_rng((seed, epoch))
    endless = chain.from_iterable(rng.permutation(np.asarray(rows)).tolist() for _ in iter(int, 1))
    for batch in batches:
        drawn = list(islice(endless, count))
        yield [*batch, *drawn[own.start : own.stop]]
