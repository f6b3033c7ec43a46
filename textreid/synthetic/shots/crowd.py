"""Several people at once: who walks where, so that each can be seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from textreid.synthetic.pedestrians.pedestrian import Pedestrian
from textreid.synthetic.shots.scene import Scene, Walk


def sample_crowd(
    scene: Scene, people: Sequence[Pedestrian], moments: Sequence[float], rng: np.random.Generator
) -> list[Walk]:
    """Walks that keep people from hiding each other and from leaving the image.

    Args:
        scene: where.
        people: who; somebody for whom there is no room is left out.
        moments: seconds at which they should be seen well.
        rng: decides the walks.
    """
    walks: list[Walk] = []
    spans: list[list[tuple[float, float, float]]] = []
    for person in people:
        best: tuple[float, Walk, list[tuple[float, float, float]]] | None = None
        for _ in range(40):
            walk = Walk.sample(scene, person, rng)
            span = [_span(scene, walk, seconds) for seconds in moments]
            worst = max(
                (_hidden(span[k], other[k]) for other in spans for k in range(len(moments))), default=0.0
            )
            worst += sum(
                0.5 for left, right, y in span if left < 0 or right > scene.width or y > scene.height
            )
            if best is None or worst < best[0]:
                best = (worst, walk, span)
            if worst < 0.15:
                break
        assert best is not None
        if best[0] < 0.5:
            walks.append(best[1])
            spans.append(best[2])
    return walks


def _span(scene: Scene, walk: Walk, seconds: float) -> tuple[float, float, float]:
    x, y, _ = walk.at(scene, seconds)
    half = 0.2 * scene.tall(y) + (0.12 * scene.tall(y) if walk.person.umbrella else 0)
    return x - half, x + half, y


def _hidden(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Share of the narrower of two people that the other's columns cover."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(shared, 0.0) / min(one[1] - one[0], other[1] - other[0])
