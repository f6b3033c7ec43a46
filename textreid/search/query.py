"""From what somebody types, shows and approves of to one unit vector that a gallery can be searched with.

A description, an example photo and the hits somebody liked are all vectors of one space, so a query made of
several is a weighted sum of them, and the gallery's index answers it like any other. But vectors of unit
length do not weigh the same: depending on the model, cosines between two photos can be spread much wider
over a gallery than cosines between a description and photos (the modality gap: Liang et al., "Mind the Gap",
NeurIPS 2022), and a plain sum lets the photo decide.

So each part is divided by the spread (standard deviation) of its own scores over the gallery: ranking by
`sum_i w_i * cos(q_i, g) / spread_i` is ranking by the weighted sum of standardised scores, since subtracting
each mean moves every score by the same amount. A weight then says how decisive a part is beside a
description, with any model and any gallery.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

PHOTO = 1.0
"""Weight of an example photo beside words: of those from 0.5 to 2.5 the best among drawn people, and with the
built-in model as good as a plain sum (180 queries, benchmarks/composed.py)."""

LIKED, DISLIKED = 0.75, -0.25
"""Weights of relevance feedback beside words (Rocchio 1971; Manning, Raghavan and Schütze, Introduction to
Information Retrieval, 2008, section 9.1.1, give 0.75 and -0.15)."""


@dataclass(frozen=True)
class Part:
    """One ingredient of a query.

    Attributes:
        vectors: [N, D] float32 unit vectors; their mean direction is what counts.
        weight: how decisive the part is beside a description, which has weight 1; negative to move away from
            it.
    """

    vectors: np.ndarray
    weight: float = 1.0

    @property
    def direction(self) -> np.ndarray:
        """[D] float32: the unit vector along the mean."""
        return _unit(self.vectors.mean(axis=0))


def combine(parts: Sequence[Part], sample: Callable[[], np.ndarray]) -> np.ndarray:
    """One query vector for several parts.

    Args:
        parts: at least one, at least one of them with a positive weight.
        sample: gives [M, D] float32, vectors of the gallery, when several parts are to be balanced; with
            fewer than two rows they are summed as they are.

    Returns:
        [D] float32, unit norm. One part alone comes back as its own direction.
    """
    if len(parts) == 1:
        return parts[0].direction
    directions = np.stack([part.direction for part in parts])
    weights = np.asarray([part.weight for part in parts], np.float32)
    gallery = sample()
    if len(gallery) > 1:
        weights = weights / np.maximum((directions @ gallery.T).std(axis=1), 1e-3)
    return _unit(weights @ directions)


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
