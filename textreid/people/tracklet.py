"""Tracklets: what boxes alone say is one person, cut where that person begins to look like another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from textreid.people.best_view import TrackView
from textreid.people.sightings import Box

LOOKS_PER_SECOND = 2
"""A tracklet keeps the best view of each half second."""

WINDOW = 3
"""Views on either side of a moment by which it is decided whether they show one person."""

SAME = 0.85
"""Likeness from which two sides are one person. Of Market-1501's validation persons the shipped model finds
all pairs of two neighbouring crops each of one person, within six seconds, above it, and 2 % of those of two
people before the same camera."""

MAX_VIEWS = 8
"""Views from the middle of a tracklet that are held."""

_TAIL = 2 * WINDOW + 2


@dataclass(frozen=True)
class Seen:
    """Somebody in one frame.

    Attributes:
        number: unique in the video: that of the frame, and two digits for the place among those in it.
        offset: seconds into the video.
        box: left, top, right, bottom in pixels.
        score: the detector's.
        at_border: whether the box ends where the frame does.
        change: mean grey levels by which the person changed since the last frame; None for the first.
        unsure: whether boxes alone may take one person for another here: others touch this one, or the
            person was not seen in the frame before.
    """

    number: int
    offset: float
    box: Box
    score: float
    at_border: bool
    change: float | None
    unsure: bool


@dataclass
class Tracklet:
    """Somebody who is followed from frame to frame.

    Attributes:
        seen: where, in time order.
        views: the best of each half second, in time order; of a long tracklet the first and the last ones,
            and of those between the best.
    """

    seen: list[Seen] = field(default_factory=list)
    views: list[TrackView] = field(default_factory=list)
    _look: np.ndarray | None = field(default=None, repr=False)

    def add(self, view: TrackView, number: int, missed: bool) -> bool:
        """See the person once more.

        Args:
            view: in this frame.
            number: of the `Seen`.
            missed: whether the person was not seen in the frame before, although this tracklet had begun.

        Returns:
            Whether a half second is complete, so that it is time to `divide`.
        """
        change = None if self._look is None else float(np.abs(view.look - self._look).mean())
        self._look = view.look
        self.seen.append(
            Seen(number, view.offset, view.box, view.score, view.at_border, change, missed or view.hidden > 0)
        )
        if self.views and _moment(self.views[-1]) == _moment(view):
            if view.quality > self.views[-1].quality:
                self.views[-1] = view
            return False
        self.views.append(view)
        return True

    def divide(self, ended: bool = False) -> Tracklet | None:
        """Where the person looks different from a moment on, end there.

        Called once for each half second, this looks once at each moment; only at those where boxes alone are
        unsure.

        Args:
            ended: whether nothing will be added.

        Returns:
            The rest, which is somebody else; None if there is no such moment.
        """
        views = self.views if ended else self.views[:-1]
        first = len(views) - WINDOW - (not ended)
        for place in range(max(1, first), len(views) if ended else first + 1):
            if self._unsure(views, place) and _is_jump(views, place):
                return self._cut(place)
        self._thin()
        return None

    def _unsure(self, views: Sequence[TrackView], place: int) -> bool:
        begin, end = views[max(0, place - WINDOW)].offset, views[min(place + WINDOW, len(views)) - 1].offset
        return any(seen.unsure for seen in self.seen if begin < seen.offset <= end)

    def _cut(self, place: int) -> Tracklet:
        """End before view `place`, between the two boxes that overlap least, and give back the rest."""
        begin, end = self.views[place - 1].offset, self.views[place].offset
        places = [i for i, seen in enumerate(self.seen) if begin < seen.offset <= end]
        at = min(places, key=lambda i: overlap(self.seen[i - 1].box, self.seen[i].box))
        rest = Tracklet(self.seen[at:], self.views[place:], self._look)
        self.seen, self.views = self.seen[:at], self.views[:place]
        return rest

    def _thin(self) -> None:
        middle = self.views[WINDOW:-_TAIL]
        if len(middle) > MAX_VIEWS:
            self.views.remove(min(middle, key=lambda view: view.quality))


def likeness(before: Sequence[TrackView], after: Sequence[TrackView]) -> float:
    """How much two sets of views look like one person: the cosine of their mean vectors."""
    one, other = (np.sum([view.vector for view in views], axis=0) for views in (before, after))
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    shared = _shared(one, other)
    return shared / (_area(one) + _area(other) - shared)


def covered(box: Box, other: Box) -> float:
    """The part of one box, 0..1, that lies in another."""
    return _shared(box, other) / _area(box)


def _shared(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _is_jump(views: Sequence[TrackView], place: int) -> bool:
    """Whether the views before and from `place` on are two people, and are so at no moment beside it more."""

    def alike(place: int) -> float:
        return likeness(views[max(0, place - WINDOW) : place], views[place : place + WINDOW])

    here = alike(place)
    return here < SAME and all(
        here <= alike(other) for other in (place - 1, place + 1) if 0 < other < len(views)
    )


def _moment(view: TrackView) -> int:
    return int(view.offset * LOOKS_PER_SECOND)
