"""The way of one person through a video, and how that person looked on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from textreid_index.errors import InvalidValueError

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class View:
    """One view of the person.

    Attributes:
        offset: seconds from the start of the video.
        box: x1, y1, x2, y2 in pixels of the upright frame.
        jpeg: the crop as a JPEG file, large enough to be encoded anew.
    """

    offset: float
    box: Box
    jpeg: bytes


@dataclass(frozen=True)
class Track:
    """Where one person was in a video, and views of that person.

    Attributes:
        path: rising seconds from the start of the video, and the box; in between the person went straight on.
        views: of which the person's vector is the mean; the best one first.

    Raises:
        InvalidValueError: there is no place or no view, times do not rise, or a number is not finite.
    """

    path: tuple[tuple[float, Box], ...]
    views: tuple[View, ...]

    def __post_init__(self) -> None:
        places = [*self.path, *((view.offset, view.box) for view in self.views)]
        finite = all(len(box) == 4 and all(map(math.isfinite, (time, *box))) for time, box in places)
        rising = all(before < after for (before, _), (after, _) in pairwise(self.path))
        if not (self.path and self.views and finite and rising):
            raise InvalidValueError("A track needs views, and places at finite, rising times.")

    @property
    def start(self) -> float:
        """Seconds into the video at which the person was seen first."""
        return self.path[0][0]

    @property
    def end(self) -> float:
        """Seconds into the video at which the person was seen last."""
        return self.path[-1][0]
