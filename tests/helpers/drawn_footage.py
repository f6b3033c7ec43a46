"""Films of coloured figures that walk over grey ground, and somebody who sees exactly those."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from textreid.people import Boxes

RED, GREEN, BLUE = (220, 30, 30), (30, 180, 30), (40, 40, 230)
SIZE = (120, 160)  # height, width of a frame
FIGURE = (48, 20)


@dataclass(frozen=True)
class Walker:
    """Walks from `left` at `begin` by `speed` pixels a second, and is gone at `end`."""

    colour: tuple[int, int, int]
    begin: float
    end: float
    left: float = 10.0
    speed: float = 10.0
    top: int = 40

    def at(self, time: float) -> tuple[int, int] | None:
        if not self.begin <= time < self.end:
            return None
        return round(self.left + self.speed * (time - self.begin)), self.top


def draw_image(walkers: Sequence[Walker], time: float) -> np.ndarray:
    """[120, 160, 3] uint8; figures that walk have a dark stripe that swings."""
    frame = np.full((*SIZE, 3), 110, np.uint8)
    for walker in walkers:
        place = walker.at(time)
        if place is None:
            continue
        x, y = place
        height, width = FIGURE
        frame[y : y + height, x : x + width] = walker.colour
        if walker.speed == 0:
            continue
        swing = 4 + int(8 * (time * 1.7 % 1))
        frame[y + swing : y + swing + 12, x + 2 : x + width - 2] = np.array(walker.colour) // 2
    return frame


def write_film(
    path: Path,
    walkers: Sequence[Walker],
    times: Iterable[float],
    *,
    rotation: int = 0,
    options: dict[str, str] | None = None,
    **metadata: str,
) -> Path:
    """A film whose frames stand at `times`, in milliseconds exactly; `options` are the container's."""
    with av.open(str(path), "w", options=options or {}) as container:
        container.metadata.update(metadata)
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
        stream.bit_rate, stream.gop_size = 4_000_000, 10
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for time in times:
            frame = av.VideoFrame.from_ndarray(draw_image(walkers, time), format="rgb24")
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_plain_film(path: Path) -> Path:
    """Three seconds of 25 frames, in the container and with the codec that its ending stands for."""
    codec, form = {
        ".webm": ("libvpx", None),
        ".mpg": ("mpeg2video", None),
        ".ts": ("mpeg2video", None),
        ".m4v": ("mpeg4", "m4v"),
    }.get(path.suffix, ("mpeg4", None))
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt, stream.gop_size = *SIZE, "yuv420p", 10
        for number in range(75):
            image = draw_image([Walker(RED, 0, 9)], number / 25)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def every(rate: float, seconds: float) -> list[float]:
    return [i / rate for i in range(round(rate * seconds))]


class Watcher:
    """Sees whatever is coloured: one box around each connected patch."""

    name = "watcher"

    def __init__(self, score: float = 0.9) -> None:
        self.score = score

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        return [self._patches(image) for image in images]

    def _patches(self, image: np.ndarray) -> Boxes:
        coloured = (image.max(axis=2).astype(int) - image.min(axis=2) > 40).astype(np.uint8)
        boxes = [
            (x, y, x + w, y + h)
            for x, y, w, h, area in cv2.connectedComponentsWithStats(coloured)[2][1:]
            if area > 100
        ]
        return Boxes(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), self.score, np.float32))


def colour_of(image: np.ndarray) -> int:
    """0, 1 or 2: whether an image is red, green or blue on the whole."""
    return int(image.reshape(-1, 3).mean(axis=0).argmax())


SCENE = draw_image([Walker(RED, 0, 1, left=10), Walker(BLUE, 0, 1, left=90, top=20)], 0.0)
