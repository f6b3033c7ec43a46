"""Hundreds of pictures that lie about their size or were damaged: an image or a sentence, in a gigabyte."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.faults import hostile_pictures as hostile
from tests.helpers.faults.memory_of_opening import open_each
from tests.helpers.faults.tried import tried

MAX_MEGABYTES, MAX_SECONDS = 1000, 10


def a_tiff(rng: np.random.Generator) -> bytes:
    bits, kind = [(1, 1), (8, 1), (16, 1), (16, 2), (32, 1), (32, 3), (64, 3)][rng.integers(7)]
    width, height = (int(2 ** rng.uniform(3, 14)) for _ in range(2))
    samples = int(rng.choice([1, 1, 3, 3, 3, 4, 500]))
    tile = (int(2 ** rng.integers(4, 14)), int(2 ** rng.integers(4, 14))) if rng.random() < 0.3 else None
    return hostile.tiff(
        width,
        height,
        samples=samples,
        bits=bits,
        kind=kind,
        compression=int(
            rng.choice([hostile.DEFLATE, hostile.DEFLATE, hostile.NO_COMPRESSION, hostile.PACK_BITS])
        ),
        rows=None if rng.random() < 0.5 else int(rng.integers(1, height + 1)),
        tile=tile,
        photometric=int(rng.choice([0, 5, 6, 8])) if rng.random() < 0.2 else min(samples, 2),
    )


def a_damaged_picture(rng: np.random.Generator) -> bytes:
    kind = str(rng.choice(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF"]))
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0132] = "2026:03:01 14:05:12"
    Image.effect_noise((64, 48), 90).convert("RGB").save(buffer, kind, exif=exif)
    bad = np.frombuffer(buffer.getvalue(), np.uint8).copy()
    places = rng.integers(0, min(len(bad), int(rng.choice([64, 400, len(bad)]))), rng.integers(1, 12))
    bad[places] = rng.choice([0, 1, 127, 255, *rng.integers(0, 256, 4)], len(places))
    return bad.tobytes()[: len(bad) if rng.random() < 0.8 else int(rng.integers(len(bad)))]


@pytest.mark.parametrize(("make", "draws"), [(a_tiff, 300), (a_damaged_picture, 600)])
def test_whatever_is_drawn_is_an_image_or_a_plain_sentence(
    tmp_path: Path, make: Callable[[np.random.Generator], bytes], draws: int
) -> None:
    for draw in range(draws):
        (tmp_path / f"{draw:03}").write_bytes(make(np.random.default_rng(draw)))
    opened = open_each(tmp_path)
    tried(draws)
    assert len(opened) == draws
    for name, opening in opened.items():
        assert opening.answer is not None, name
        assert opening.answer.isprintable(), name
        assert opening.megabytes < MAX_MEGABYTES, (name, opening)
        assert opening.seconds < MAX_SECONDS, (name, opening)
    assert sum(opening.answer[0].isdigit() for opening in opened.values() if opening.answer) > draws / 20
