"""One look at one person in one frame, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from textreid.people.detectors.boxes import Boxes
from textreid.people.sightings import Box
from textreid.people.video_file import Frame

MAX_HEIGHT = 512
"""Height in pixels to which crops are reduced."""


@dataclass(frozen=True)
class TrackView:
    """One look at one person.

    Attributes:
        box: left, top, right, bottom, whole pixels of the upright frame.
        frame: number of the frame.
        offset: seconds into the video.
        score: the detector's.
        quality: 0..1, larger is better: sure, large, sharp, clear of others and of the image's border.
        crop: [h, w, 3] uint8 RGB, at most `MAX_HEIGHT` high.
        look: [128, 64] float32, the same in grey, to compare with other views.
    """

    box: Box
    frame: int
    offset: float
    score: float
    quality: float
    crop: np.ndarray
    look: np.ndarray


def look_at(frame: Frame, boxes: Boxes, index: int) -> TrackView:
    """The person in box `index` of a frame."""
    box = left, top, right, bottom = tuple(np.rint(boxes.xyxy[index]).tolist())
    crop = frame.rgb[int(top) : int(bottom), int(left) : int(right)]
    look = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (64, 128), interpolation=cv2.INTER_AREA)
    score, (height, width) = float(boxes.scores[index]), frame.rgb.shape[:2]
    cut = left < 2 or top < 2 or right > width - 2 or bottom > height - 2
    quality = (
        score
        * min(1.0, len(crop) / 256)
        * (0.3 + 0.7 * min(1.0, float(cv2.Laplacian(look, cv2.CV_32F).std()) / 30))
        * (1 - 0.7 * _hidden(boxes.xyxy, index))
        * (0.5 if cut else 1.0)
    )
    if len(crop) > MAX_HEIGHT:
        size = (max(1, round(crop.shape[1] * MAX_HEIGHT / len(crop))), MAX_HEIGHT)
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return TrackView(box, frame.number, frame.offset, score, quality, crop.copy(), look.astype(np.float32))


def _hidden(xyxy: np.ndarray, index: int) -> float:
    """The largest fraction, 0..1, of box `index` that one of the other [N, 4] boxes covers."""
    box, others = xyxy[index], np.delete(xyxy, index, axis=0)
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return float(shared.clip(min=0).prod(axis=1).max(initial=0) / (box[2:] - box[:2]).prod())
