"""From boxes frame by frame to people: one track each, with its best views."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import supervision as sv
from trackers import ByteTrackTracker

from textreid.people.clips import Frame
from textreid.people.detectors import Boxes
from textreid.people.views import View, look_at

PATIENCE = 1.5
"""Seconds for which somebody may be hidden and still be the same track."""

VIEWS = 8
"""Views that are held of one track, each from its own half second."""

STILL = 2.5
"""Grey levels by which a spot must change from one look to the next to be more than noise."""

SURE = 0.8
"""Mean score from which something that never moves is believed to be a person all the same."""


@dataclass
class Track:
    """One person followed through a video.

    Attributes:
        number: unique in the video: the frame in which it begins, and two digits for its place there.
        last: the latest view.
        views: the best view of each half second, by half second.
        scores: the detector's, one for each frame in which it was seen.
        changes: mean grey levels by which it changed from one frame to the next.
    """

    number: int
    last: View
    views: dict[int, View] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)

    def add(self, view: View) -> None:
        """See the person once more."""
        self.scores.append(view.score)
        self.changes.append(float(np.abs(view.look - self.last.look).mean()))
        self.last = view
        moment = int(view.offset * 2)
        if moment not in self.views or view.quality > self.views[moment].quality:
            self.views[moment] = view
        if len(self.views) > VIEWS:
            del self.views[min(self.views, key=lambda m: self.views[m].quality)]

    @property
    def is_thing(self) -> bool:
        """Whether it is rather a parked car or a lamp post: weakly detected, and it never moves at all."""
        return float(np.median(self.changes)) < STILL and float(np.mean(self.scores)) < SURE

    def best(self) -> list[View]:
        """Its views, the best one first."""
        return sorted(self.views.values(), key=lambda view: -view.quality)


class Follower:
    """Follows people from frame to frame with ByteTrack.

    Y. Zhang et al.: ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV 2022.

    Args:
        rate: frames a second that it will be shown.
    """

    def __init__(self, rate: float) -> None:
        self._tracker = ByteTrackTracker(
            lost_track_buffer=round(30 * PATIENCE),
            frame_rate=rate,
            track_activation_threshold=0.6,
            high_conf_det_threshold=0.6,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=0.2,
        )
        self._tracks: dict[int, Track] = {}
        self._done: list[Track] = []

    def update(self, frame: Frame, boxes: Boxes) -> None:
        """See the next frame."""
        followed = self._tracker.update(
            sv.Detections(xyxy=boxes.xyxy, confidence=boxes.scores, data={"index": np.arange(len(boxes))})
        )
        begun = 0
        for name, index in zip(followed.tracker_id, followed.data.get("index", ()), strict=True):
            if name < 0:
                continue
            view = look_at(frame, boxes, int(index))
            if name not in self._tracks:
                self._tracks[name] = Track(100 * frame.number + begun, view)
                begun += 1
            self._tracks[name].add(view)
        lost = [n for n, track in self._tracks.items() if frame.offset - track.last.offset > PATIENCE]
        self._done += [self._tracks.pop(name) for name in lost]

    @property
    def busy(self) -> bool:
        """Whether anybody is being followed."""
        return not all(track.is_thing for track in self._tracks.values())

    def finish(self) -> list[Track]:
        """All tracks, in the order in which they began."""
        return sorted([*self._done, *self._tracks.values()], key=lambda track: track.number)
