"""A model small enough to check by eye: it sees the colours of two halves and reads colour words.

An image becomes the share of its pixels nearest to each of eleven named colours, upper and lower half
apart; a text becomes the colours it gives to an upper and a lower garment. One space of 22 dimensions, so
"a red shirt and blue jeans" finds the figure that is red above and blue below, exactly and on every machine.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from textreid.inference.calibration import Calibration
from textreid.people import Boxes
from textreid.types import PairScorer
from textreid_index import EncoderInfo

COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (20, 20, 20),
    "white": (240, 240, 240),
    "grey": (128, 128, 128),
    "red": (200, 30, 30),
    "green": (30, 140, 40),
    "blue": (30, 60, 190),
    "yellow": (235, 215, 40),
    "orange": (235, 130, 30),
    "brown": (110, 70, 35),
    "pink": (240, 130, 180),
    "purple": (120, 40, 150),
}
UPPER = {"shirt", "top", "jacket", "coat", "sweater"}
LOWER = {"trousers", "jeans", "skirt", "shorts"}


class ToyEncoder:
    """Stands where `textreid.Encoder` stands: same methods, same shapes, no weights."""

    reads_text = True
    calibration: Calibration | None = None
    matcher: PairScorer | None = None

    def __init__(self, name: str = "toy", fingerprint: str = "toy-1") -> None:
        self.info = EncoderInfo(name=name, fingerprint=fingerprint, dim=2 * len(COLOURS))
        self.images_seen = 0

    @classmethod
    def load(cls, name: str = "toy", *, device: str = "auto") -> ToyEncoder:
        return cls()

    @classmethod
    def load_known(cls, known: EncoderInfo, *, device: str = "auto") -> ToyEncoder:
        return cls()

    runtimes: dict[str, str] = {}  # noqa: RUF012
    longest_text = 128

    def settle_runtime(self, *, images: int, texts: int) -> None:
        """There is one."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode_images(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> np.ndarray:
        self.images_seen += len(images)
        rows = [np.concatenate([_shares(half) for half in _halves(image)]) for image in images]
        return _unit(np.asarray(rows, np.float32).reshape(len(images), self.info.dim))

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
        rows = [_colours_of(text) for text in texts]
        return _unit(np.asarray(rows, np.float32).reshape(len(texts), self.info.dim))


class ToyDetector:
    """Finds each figure drawn by `draw_frame`: runs of columns that are not the grey ground."""

    name = "toy"

    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        return [_runs(np.abs(image.astype(int) - 128).max(axis=2) > 8) for image in images]


def draw_person(upper: str, lower: str, size: tuple[int, int] = (40, 100)) -> Image.Image:
    """A figure of two colours that fills the crop."""
    image = Image.new("RGB", size, COLOURS[upper])
    ImageDraw.Draw(image).rectangle((0, size[1] // 2, *size), fill=COLOURS[lower])
    return image


def draw_frame(
    people: Sequence[tuple[str, str]], size: tuple[int, int] = (320, 160)
) -> tuple[Image.Image, list[tuple[float, float, float, float]]]:
    """Figures side by side on grey ground, and their boxes x1, y1, x2, y2 in pixels."""
    frame, boxes = Image.new("RGB", size, (128, 128, 128)), []
    for place, colours in enumerate(people):
        left = 20 + 70 * place
        frame.paste(draw_person(*colours), (left, 30))
        boxes.append((float(left), 30.0, left + 40.0, 130.0))
    return frame, boxes


def _halves(image: Image.Image) -> list[np.ndarray]:
    pixels = np.asarray(image.convert("RGB").resize((8, 16), Image.Resampling.BOX), np.float32)
    return [pixels[:8].reshape(-1, 3), pixels[8:].reshape(-1, 3)]


def _shares(pixels: np.ndarray) -> np.ndarray:
    palette = np.asarray(list(COLOURS.values()), np.float32)
    nearest = np.linalg.norm(pixels[:, None] - palette, axis=2).argmin(axis=1)
    return np.bincount(nearest, minlength=len(COLOURS)) / len(pixels)


def _colours_of(text: str) -> np.ndarray:
    names, vector = list(COLOURS), np.full(2 * len(COLOURS), 1e-3)
    colour: str | None = None
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in COLOURS:
            colour = word
        elif colour and word in UPPER | LOWER:
            vector[names.index(colour) + (len(COLOURS) if word in LOWER else 0)] += 1
            colour = None
    return vector


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _runs(mask: np.ndarray) -> Boxes:
    columns = np.flatnonzero(np.diff(np.concatenate([[False], mask.any(axis=0), [False]]).astype(int)))
    boxes = []
    for left, right in zip(columns[::2], columns[1::2], strict=True):
        rows = np.flatnonzero(mask[:, left:right].any(axis=1))
        boxes.append((left, rows[0], right, rows[-1] + 1))
    array = np.asarray(boxes, np.float32).reshape(-1, 4)
    return Boxes(array, np.ones(len(array), np.float32))


if __name__ == "__main__":  # `python -m tests.helpers.toy VERB ...`: this model for every name
    sys.modules["textreid.inference.encoder"] = types.SimpleNamespace(Encoder=ToyEncoder)  # type: ignore[assignment]
    from textreid.cli import main

    main()
