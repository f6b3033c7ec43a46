"""One look at one person in one frame, how good it is, and which looks show a person best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from PIL import Image

from textreid.people.detectors.boxes import Boxes
from textreid.people.sightings import Box
from textreid.people.video_file import Frame

Embed = Callable[[Sequence[Image.Image]], np.ndarray]
"""Crops to vectors of unit norm, [N, D] float32, by which people are told apart."""

MAX_HEIGHT = 512
"""Height in pixels to which crops are reduced."""

LARGE = 128
"""Height in pixels from which a larger view shows no more of what people wear."""

GOOD = 0.5
"""Quality, as a part of the best view's, from which a view is shown beside it."""

CANDIDATES = 8
"""Views, the best ones, of which those are chosen that differ."""


@dataclass(frozen=True)
class TrackView:
    """One look at one person.

    Attributes:
        box: left, top, right, bottom, whole pixels of the upright frame.
        frame: number of the frame.
        offset: seconds into the video.
        score: the detector's.
        hidden: the largest part, 0..1, of the box that another box covers.
        at_border: whether the box ends where the frame does.
        quality: 0..1, larger is better: sure, large, sharp, clear of others and of the frame's border.
        crop: [h, w, 3] uint8 RGB, at most `MAX_HEIGHT` high.
        look: [128, 64] float32, the same in grey, to compare with the next view.
        embed: gives its `vector`.
    """

    box: Box
    frame: int
    offset: float
    score: float
    hidden: float
    at_border: bool
    quality: float
    crop: np.ndarray = field(repr=False)
    look: np.ndarray = field(repr=False)
    embed: Embed | None = field(default=None, repr=False)

    @cached_property
    def vector(self) -> np.ndarray:
        """[D] float32 of unit norm; embedded when it is first asked for, since most views never are."""
        assert self.embed is not None
        return self.embed([Image.fromarray(self.crop)])[0]


def look_at(frame: Frame, boxes: Boxes, index: int, embed: Embed | None = None) -> TrackView:
    """The person in box `index` of a frame."""
    box = left, top, right, bottom = tuple(np.rint(boxes.xyxy[index]).tolist())
    crop = frame.rgb[int(top) : int(bottom), int(left) : int(right)]
    look = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (64, 128), interpolation=cv2.INTER_AREA)
    score, (height, width) = float(boxes.scores[index]), frame.rgb.shape[:2]
    at_border = left < 2 or top < 2 or right > width - 2 or bottom > height - 2
    hidden = _hidden(boxes.xyxy, index)
    quality = (
        score
        * min(1.0, len(crop) / LARGE)
        * (0.3 + 0.7 * min(1.0, float(cv2.Laplacian(look, cv2.CV_32F).std()) / 30))
        * (1 - hidden) ** 2
        * (0.5 if at_border else 1.0)
    )
    if len(crop) > MAX_HEIGHT:
        size = (max(1, round(crop.shape[1] * MAX_HEIGHT / len(crop))), MAX_HEIGHT)
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    return TrackView(
        box,
        frame.number,
        frame.offset,
        score,
        hidden,
        at_border,
        quality,
        crop.copy(),
        look.astype(np.float32),
        embed,
    )


def choose_views(rated: Sequence[tuple[float, TrackView]], number: int) -> list[TrackView]:
    """The best view, and up to `number` - 1 good ones that show the person otherwise.

    Of the good views the one that is least like those chosen so far is taken each time; where nobody can
    tell what is alike, the best.

    Args:
        rated: how good each view is, and the view.
        number: of views.
    """
    (top, best), *others = sorted(rated, key=lambda each: -each[0])
    rest = [view for quality, view in others if quality >= GOOD * top][:CANDIDATES]
    if best.embed is None:
        return [best, *rest[: number - 1]]
    chosen = [best]
    while rest and len(chosen) < number:
        chosen.append(min(rest, key=lambda view: max(float(view.vector @ each.vector) for each in chosen)))
        rest.remove(chosen[-1])
    return chosen


def _hidden(xyxy: np.ndarray, index: int) -> float:
    """The largest fraction, 0..1, of box `index` that one of the other [N, 4] boxes covers."""
    box, others = xyxy[index], np.delete(xyxy, index, axis=0)
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    return float(shared.clip(min=0).prod(axis=1).max(initial=0) / (box[2:] - box[:2]).prod())
