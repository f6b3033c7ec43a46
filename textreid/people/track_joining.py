"""Tracklets of one person, joined across what hid that person for a while."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from textreid.people.sightings import Box
from textreid.people.tracklet import SAME, WINDOW, Seen, Tracklet, likeness

MAX_HIDDEN_SECONDS = 3.0
"""Seconds for which somebody may be hidden and be found again by place and looks."""

JITTER, MAX_SPEED = 0.5, 1.5
"""How far, in body heights, a box is from where it should be, and people go in a second."""


def join(tracklets: Sequence[Tracklet]) -> list[list[Tracklet]]:
    """The tracklets by person, each person's in time order.

    Each is followed by at most one other and follows at most one; of all ways to join them, the one with the
    largest sum of likenesses above `SAME` is taken.
    """
    gain = np.array([[_gain(one, other) for other in tracklets] for one in tracklets])
    gain = gain.reshape(len(tracklets), len(tracklets))
    pairs = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
    following = {int(one): int(other) for one, other in pairs if gain[one, other] > 0}
    firsts = [place for place in range(len(tracklets)) if place not in following.values()]
    return [[tracklets[place] for place in _chain(first, following)] for first in firsts]


def _chain(place: int, following: dict[int, int]) -> list[int]:
    places = [place]
    while places[-1] in following:
        places.append(following[places[-1]])
    return places


def _gain(one: Tracklet, other: Tracklet) -> float:
    if not _may_be_one(one.seen[-1], other.seen[0]):
        return 0.0
    return max(0.0, likeness(one.views[-WINDOW:], other.views[:WINDOW]) - SAME)


def _may_be_one(last: Seen, first: Seen) -> bool:
    """Whether somebody can have gone from one place to the other in that time, and did not leave."""
    gap = first.offset - last.offset
    if not 0 < gap <= MAX_HIDDEN_SECONDS or (last.at_border and first.at_border):
        return False
    return _distance(last.box, first.box) <= JITTER + MAX_SPEED * gap


def _distance(one: Box, other: Box) -> float:
    """Between the middles of two boxes, in heights of the taller one."""
    x, y = ((other[0] + other[2] - one[0] - one[2]) / 2, (other[1] + other[3] - one[1] - one[3]) / 2)
    return float(np.hypot(x, y)) / max(one[3] - one[1], other[3] - other[1])
