"""From boxes frame by frame to people: one track each, with its best views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import supervision as sv
from trackers import ByteTrackTracker

from textreid.people.best_view import Embed, TrackView, choose_views, look_at
from textreid.people.detectors.boxes import Boxes
from textreid.people.sightings import Box
from textreid.people.track_joining import MAX_HIDDEN_SECONDS, join
from textreid.people.tracklet import LOOKS_PER_SECOND, WINDOW, Seen, Tracklet, covered, overlap
from textreid.people.video_file import Frame

MAX_GAP_SECONDS = 1.5
"""Seconds for which somebody may be hidden and be found again by the place alone."""

MIN_FRAMES = 3
"""Frames in which somebody must have been seen."""

MIN_FRAME_RATE = 2.5
"""Frames a second below which people move too far between two frames to be followed: each view is a track."""

SETTLED_SECONDS = MAX_HIDDEN_SECONDS + WINDOW / LOOKS_PER_SECOND
"""Seconds after which nobody can be found again: whoever comes out by then has been looked at as well."""

NEAR_SECONDS = 1.0
"""Seconds before the first and after the last box of a track for which its person is still about there."""

NOISE_LEVELS = 2.5
"""Grey levels by which a spot must change from one look to the next to be more than noise."""

MIN_STILL_SCORE = 0.8
"""Mean score from which something that never moves is believed to be a person all the same."""


@dataclass(frozen=True)
class Track:
    """One person followed through a video.

    Attributes:
        seen: where, in time order.
        views: of it, in time order.
    """

    seen: tuple[Seen, ...]
    views: tuple[TrackView, ...]

    @classmethod
    def of(cls, tracklets: Sequence[Tracklet]) -> Track:
        """The tracklets of one person, in time order."""
        return cls(
            tuple(seen for each in tracklets for seen in each.seen),
            tuple(view for each in tracklets for view in each.views),
        )

    @property
    def number(self) -> int:
        """Unique in the video: the frame in which it begins, and two digits for its place there."""
        return self.seen[0].number

    @property
    def path(self) -> tuple[tuple[float, Box], ...]:
        """Where the person was seen: seconds into the video, and the box."""
        return tuple((seen.offset, seen.box) for seen in self.seen)

    @cached_property
    def _line(self) -> np.ndarray:
        """[5, N] float64: the times, and the four sides of the boxes."""
        return np.array([(seen.offset, *seen.box) for seen in self.seen]).T

    @property
    def is_thing(self) -> bool:
        """Whether it is rather a parked car or a lamp post: weakly detected, and it never moves at all."""
        changes = [seen.change for seen in self.seen if seen.change is not None]
        still = len(changes) > 0 and float(np.median(changes)) < NOISE_LEVELS
        return still and float(np.mean([seen.score for seen in self.seen])) < MIN_STILL_SCORE

    def at(self, offset: float) -> Box | None:
        """Where the person was, between two boxes on a straight line; None a second before and after."""
        if not self.seen[0].offset - NEAR_SECONDS <= offset <= self.seen[-1].offset + NEAR_SECONDS:
            return None
        times, *sides = self._line
        left, top, right, bottom = (float(np.interp(offset, times, side)) for side in sides)
        return left, top, right, bottom

    def best(self, number: int, others: Sequence[Track]) -> list[TrackView]:
        """Up to so many views that show the person best and each otherwise, the best one first.

        Args:
            number: of views.
            others: whose tracks are known; whoever a view may show as well spoils it, also somebody who was
                not detected.
        """
        rated = [
            (view.quality * self._steady(view) * (1 - self._shared(view, others)) ** 2, view)
            for view in self.views
        ]
        return choose_views(rated, number)

    def _steady(self, view: TrackView) -> float:
        """How far, 0..1, the box is where the boxes before and after say: a slip of the detector is not."""
        place = next(i for i, seen in enumerate(self.seen) if seen.offset == view.offset)
        boxes = [seen.box for seen in self.seen[max(0, place - 1) : place + 2] if seen.offset != view.offset]
        if not boxes:
            return 1.0
        left, top, right, bottom = np.mean(boxes, axis=0).tolist()
        return overlap(view.box, (left, top, right, bottom))

    def _shared(self, view: TrackView, others: Sequence[Track]) -> float:
        """The largest part of a view, 0..1, in which another person is."""
        boxes = [other.at(view.offset) for other in others if other.number != self.number]
        return max((covered(view.box, box) for box in boxes if box is not None), default=0.0)


class Follower:
    """Follows people from frame to frame by their boxes, with ByteTrack, and by their looks.

    Whoever ByteTrack follows is cut in two where the looks change for good, as they do where it takes one
    person for another who passes; and what it leaves in pieces is joined where the looks agree.

    Y. Zhang et al.: ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV 2022.

    Args:
        embed: by what people are told apart; None: by their boxes alone.

    Attributes:
        everybody: all tracks, those that go on too, as they were when people were last taken.
    """

    def __init__(self, embed: Embed | None = None) -> None:
        self._embed = embed
        self._tracker = ByteTrackTracker(
            lost_track_buffer=45,
            frame_rate=5,  # these two: 7 frames without a match
            track_activation_threshold=0.5,
            high_conf_det_threshold=0.5,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=0.2,
        )
        self._followed: dict[int, Tracklet] = {}
        self._done: list[Tracklet] = []
        self._times: list[float] = []
        self._gone: list[Track] = []
        self.everybody: list[Track] = []

    def update(self, frame: Frame, boxes: Boxes) -> None:
        """See the next frame."""
        before = self._times[-1] if self._times else frame.offset
        self._times.append(frame.offset)
        followed = self._tracker.update(
            sv.Detections(xyxy=boxes.xyxy, confidence=boxes.scores, data={"index": np.arange(len(boxes))})
        )
        for name, index in zip(followed.tracker_id, followed.data.get("index", ()), strict=True):
            view = look_at(frame, boxes, int(index), self._embed)
            tracklet = self._followed.get(int(name)) or Tracklet()
            missed = len(tracklet.seen) > 0 and tracklet.seen[-1].offset < before
            complete = tracklet.add(view, 100 * frame.number + int(index), missed)
            if name < 0:  # seen here for the first time, perhaps the only one
                self._done.append(tracklet)
                continue
            self._followed[int(name)] = tracklet
            if complete and self._embed and (rest := tracklet.divide()):
                self._done.append(tracklet)
                self._followed[int(name)] = rest
        lost = [
            name
            for name, tracklet in self._followed.items()
            if frame.offset - tracklet.seen[-1].offset > MAX_GAP_SECONDS
        ]
        for name in lost:
            self._end(self._followed.pop(name))

    @property
    def busy(self) -> bool:
        """Whether anybody is being followed."""
        return not all(Track.of([tracklet]).is_thing for tracklet in self._followed.values())

    def finished(self) -> list[Track]:
        """The people who are gone for good, in the order in which they appeared; each is given once."""
        return self._take(self._times[-1] - SETTLED_SECONDS)

    def finish(self) -> list[Track]:
        """Everybody else, in the same order; nothing may follow."""
        for tracklet in self._followed.values():
            self._end(tracklet)
        self._followed.clear()
        return self._take(math.inf)

    def _take(self, before: float) -> list[Track]:
        """Those whose last tracklet has ended before that moment."""
        tracklets = [*self._done, *self._followed.values()]
        people = join(tracklets) if self._embed else [[tracklet] for tracklet in tracklets]
        gone = [each for each in people if each[-1].seen[-1].offset < before]
        taken = {id(tracklet) for each in gone for tracklet in each}
        self._done = [tracklet for tracklet in self._done if id(tracklet) not in taken]
        tracks = sorted(map(Track.of, filter(self._is_person, gone)), key=lambda track: track.number)
        self._gone += [replace(track, views=()) for track in tracks]
        self.everybody = self._gone + [Track.of(each) for each in people if each not in gone]
        return tracks

    def _is_person(self, tracklets: Sequence[Tracklet]) -> bool:
        """Whether that was somebody; glimpses here and there are not, however much they are alike."""
        length = self._times[-1] - self._times[0]
        fast = len(self._times) - 1 >= MIN_FRAME_RATE * length
        track, longest = Track.of(tracklets), max(len(each.seen) for each in tracklets)
        return not (fast and (len(track.seen) < MIN_FRAMES or longest == 1)) and not track.is_thing

    def _end(self, tracklet: Tracklet) -> None:
        self._done.append(tracklet)
        while self._embed and (rest := tracklet.divide(ended=True)):
            self._done.append(rest)
            tracklet = rest
