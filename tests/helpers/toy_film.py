"""A film of the toy model's figures, which stand for two seconds and sway a little."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from tests.helpers.toy import draw_frame


def write_toy_film(path: Path, people: Sequence[tuple[str, str]], frames: int = 20) -> Path:
    """A film of ten frames a second in the container that its ending stands for."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 160, "yuv420p", 4_000_000
        for number in range(frames):
            image = np.roll(np.asarray(draw_frame(people)[0]), number, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path
