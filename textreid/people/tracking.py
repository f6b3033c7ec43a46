"""From boxes frame by frame to people: one track each, with its best views."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import supervision as sv
from trackers import ByteTrackTracker

from textreid.people.best_view import TrackView, look_at
from textreid.people.detectors.boxes import Boxes
from textreid.people.sightings import Box
from textreid.people.video_file import Frame

MAX_GAP_SECONDS = 1.5
"""Seconds for which somebody may be hidden and still be the same track."""

MIN_FRAMES = 3
"""Frames in which somebody must have been seen."""

MIN_FRAME_RATE = 2.5
"""Frames a second below which people move too far between two frames to be followed: each view is a track."""

MAX_VIEWS = 8
"""Views that are held of one track, each from its own half second."""

NOISE_LEVELS = 2.5
"""Grey levels by which a spot must change from one look to the next to be more than noise."""

MIN_STILL_SCORE = 0.8
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
        path: where it was seen: seconds into the video, and the box.
    """

    number: int
    last: TrackView
    views: dict[int, TrackView] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    path: list[tuple[float, Box]] = field(default_factory=list)

    def add(self, view: TrackView) -> None:
        """See the person once more."""
        if self.scores:
            self.changes.append(float(np.abs(view.look - self.last.look).mean()))
        self.scores.append(view.score)
        self.path.append((view.offset, view.box))
        self.last = view
        moment = int(view.offset * 2)
        if moment not in self.views or view.quality > self.views[moment].quality:
            self.views[moment] = view
        if len(self.views) > MAX_VIEWS:
            del self.views[min(self.views, key=lambda m: self.views[m].quality)]

    @property
    def is_thing(self) -> bool:
        """Whether it is rather a parked car or a lamp post: weakly detected, and it never moves at all."""
        still = len(self.changes) > 0 and float(np.median(self.changes)) < NOISE_LEVELS
        return still and float(np.mean(self.scores)) < MIN_STILL_SCORE

    def best(self) -> list[TrackView]:
        """Its views, the best one first."""
        return sorted(self.views.values(), key=lambda view: -view.quality)


class Follower:
    """Follows people from frame to frame with ByteTrack.

    Y. Zhang et al.: ByteTrack: Multi-Object Tracking by Associating Every Detection Box, ECCV 2022.
    """

    def __init__(self) -> None:
        self._tracker = ByteTrackTracker(
            lost_track_buffer=45,
            frame_rate=5,  # these two: 7 frames without a match
            track_activation_threshold=0.5,
            high_conf_det_threshold=0.5,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=0.2,
        )
        self._tracks: dict[int, Track] = {}
        self._done: list[Track] = []
        self._times: list[float] = []

    def update(self, frame: Frame, boxes: Boxes) -> None:
        """See the next frame."""
        self._times.append(frame.offset)
        followed = self._tracker.update(
            sv.Detections(xyxy=boxes.xyxy, confidence=boxes.scores, data={"index": np.arange(len(boxes))})
        )
        for place, (name, index) in enumerate(
            zip(followed.tracker_id, followed.data.get("index", ()), strict=True)
        ):
            view = look_at(frame, boxes, int(index))
            track = self._tracks.get(int(name)) or Track(100 * frame.number + place, view)
            track.add(view)
            if name >= 0:
                self._tracks[int(name)] = track
            else:  # seen here for the first time, perhaps the only one
                self._done.append(track)
        lost = [
            name for name, track in self._tracks.items() if frame.offset - track.last.offset > MAX_GAP_SECONDS
        ]
        self._done += [self._tracks.pop(name) for name in lost]

    @property
    def busy(self) -> bool:
        """Whether anybody is being followed."""
        return not all(track.is_thing for track in self._tracks.values())

    def finish(self) -> list[Track]:
        """The people, in the order in which they appeared."""
        length = self._times[-1] - self._times[0] if self._times else 0.0
        needed = 1 if len(self._times) - 1 < MIN_FRAME_RATE * length else MIN_FRAMES
        tracks = [*self._done, *self._tracks.values()]
        people = [track for track in tracks if len(track.scores) >= needed and not track.is_thing]
        return sorted(people, key=lambda track: track.number)
