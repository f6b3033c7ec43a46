"""Films as recorders, phones and hostile people make them, one oddity at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.helpers.drawn_footage import SIZE, Walker, draw_image


def film_of(
    path: Path,
    walkers: Sequence[Walker],
    seconds: float,
    *,
    codec: str = "mpeg4",
    rate: int = 10,
    stamp: Callable[[int], int] = lambda number: number,
    prepare: Callable[[Any, Any], None] = lambda container, stream: None,
    form: str | None = None,
    **options: str,
) -> Path:
    """A film of walkers.

    Args:
        path: where to.
        walkers: who is in it.
        seconds: how long.
        codec: FFmpeg's name of it.
        rate: frames a second.
        stamp: number of a frame -> the time stamp it gets in the file, in frames.
        prepare: takes the container and the stream before anything is written.
        form: FFmpeg's name of the container, if the ending does not tell.
        options: of the codec.
    """
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, options={"g": "10", **options})
        stream.height, stream.width, stream.pix_fmt, stream.bit_rate = *SIZE, "yuv420p", 4_000_000
        prepare(container, stream)
        number = 0
        for packet in _packets(stream, walkers, round(seconds * rate), rate):
            shift = (stamp(number) - number) * int(1 / (rate * packet.time_base))
            packet.pts, number = packet.pts + shift, number + 1  # of the place in the file nobody is told
            container.mux(packet)
    return path


def _packets(stream: Any, walkers: Sequence[Walker], frames: int, rate: int) -> Any:
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(draw_image(walkers, number / rate), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, rate)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def plain(colour: tuple[int, int, int]) -> np.ndarray:
    """[120, 160, 3] uint8 of one colour."""
    return np.full((*SIZE, 3), colour, np.uint8)


def join(path: Path, *parts: Path) -> Path:
    """The bytes of films one after another, as `cat` joins transport streams."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def write_two_tracks(path: Path, frames: int, walkers: Sequence[Walker]) -> Path:
    """Eight seconds of walkers after a smaller track of another picture, which has so many frames."""
    with av.open(str(path), "w") as container:
        tracks = [container.add_stream(codec, rate=10) for codec in ("mjpeg", "mpeg4")]
        for track, (height, width), form in zip(
            tracks, ((60, 80), SIZE), ("yuvj420p", "yuv420p"), strict=True
        ):
            track.height, track.width, track.pix_fmt, track.bit_rate = height, width, form, 4_000_000
        for number in range(80):
            images = [np.full((60, 80, 3), 110, np.uint8), draw_image(walkers, number / 10)]
            for track, image in list(zip(tracks, images, strict=True))[number >= frames :]:
                container.mux(track.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        for track in tracks:
            container.mux(track.encode(None))
    return path
