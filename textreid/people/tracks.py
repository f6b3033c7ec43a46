"""From boxes frame by frame to people: one track each, with its best views."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import supervision as sv
from trackers import ByteTrackTracker

from textreid.people.clips import Frame
from textreid.people.detectors import Boxes
from textreid.people.sightings import Box

PATIENCE = 1.5
"""Seconds for which somebody may be hidden and still be the same track."""

VIEWS = 8
"""Views that are held of one track, each from its own half second."""

TALLEST = 512
"""Height in pixels to which views are reduced."""


@dataclass(frozen=True)
class View:
    """One look at a tracked person.

    Attributes:
        box: left, top, right, bottom, whole pixels of the upright frame.
        frame: number of the frame.
        offset: seconds into the video.
        score: the detector's.
        quality: larger is better; see `_quality`.
        crop: [h, w, 3] uint8 RGB, at most `TALLEST` high.
    """

    box: Box
    frame: int
    offset: float
    score: float
    quality: float
    crop: np.ndarray


@dataclass
class Track:
    """One person followed through a video.

    Attributes:
        number: unique in the video: the frame in which it begins, and two digits for its place there.
        last: seconds into the video at which it was seen last.
        count: frames in which it was seen.
        views: the best of each half second, by half second.
    """

    number: int
    last: float
    count: int = 0
    views: dict[int, View] = field(default_factory=dict)

    def add(self, view: View) -> None:
        """See the person once more."""
        self.last, self.count = view.offset, self.count + 1
        moment = int(view.offset * 2)
        if moment not in self.views or view.quality > self.views[moment].quality:
            self.views[moment] = view
        if len(self.views) > VIEWS:
            del self.views[min(self.views, key=lambda m: self.views[m].quality)]

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
            if name not in self._tracks:
                self._tracks[name] = Track(100 * frame.number + begun, frame.offset)
                begun += 1
            self._tracks[name].add(_view(frame, boxes, int(index)))
        lost = [n for n, track in self._tracks.items() if frame.offset - track.last > PATIENCE]
        self._done += [self._tracks.pop(name) for name in lost]

    @property
    def busy(self) -> bool:
        """Whether anybody is being followed."""
        return bool(self._tracks)

    def finish(self) -> list[Track]:
        """All tracks, in the order in which they began."""
        return sorted([*self._done, *self._tracks.values()], key=lambda track: track.number)


def _view(frame: Frame, boxes: Boxes, index: int) -> View:
    box = x1, y1, x2, y2 = tuple(np.rint(boxes.xyxy[index]).tolist())
    crop = frame.rgb[int(y1) : int(y2), int(x1) : int(x2)]
    quality = float(boxes.scores[index]) * _quality(crop, boxes.xyxy, index, frame.rgb.shape)
    if crop.shape[0] > TALLEST:
        width = max(1, round(crop.shape[1] * TALLEST / crop.shape[0]))
        crop = cv2.resize(crop, (width, TALLEST), interpolation=cv2.INTER_AREA)
    return View(box, frame.number, frame.offset, float(boxes.scores[index]), quality, crop.copy())


def _quality(crop: np.ndarray, xyxy: np.ndarray, index: int, shape: tuple[int, ...]) -> float:
    """Large, sharp, clear of other people and of the border of the picture."""
    size = min(1.0, crop.shape[0] / 256)
    gray = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (64, 128), interpolation=cv2.INTER_AREA)
    sharp = min(1.0, float(cv2.Laplacian(gray, cv2.CV_32F).std()) / 30)
    box, others = xyxy[index], np.delete(xyxy, index, axis=0)
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    hidden = float(shared.clip(min=0).prod(axis=1).max(initial=0) / (box[2:] - box[:2]).prod())
    height, width = shape[:2]
    cut = box[0] < 2 or box[1] < 2 or box[2] > width - 2 or box[3] > height - 2
    return size * (0.3 + 0.7 * sharp) * (1 - 0.7 * min(1.0, hidden)) * (0.5 if cut else 1.0)
