"""What PNG, AVIF and HEIC files say of their colours, beside ICC profiles."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from textreid.io.colour import BT709, Chromaticities, ColourSpace, gamma_space, h273

_HEAD = 1 << 16  # bytes in which the colours of AVIF and HEIC are named
_NEAR_SRGB = (0.40, 0.50)  # gammas that are shown as sRGB; the usual one is 0.45455
_NCLX = re.compile(rb"colrnclx(..)(..)..[\0\x80]", re.DOTALL)


def colour_label(kind: str, file: BinaryIO, info: Mapping[Any, Any]) -> ColourSpace | None:
    """The colour space that an open file names; None: sRGB, or its ICC profile says.

    Args:
        kind: "PNG", "AVIF" or "HEIC".
        file: positioned anywhere.
        info: what Pillow read from it.
    """
    if kind == "PNG":
        chunks = _png_chunks(file)
        if len(chunks.get(b"cICP", b"")) >= 2:
            return h273(*chunks[b"cICP"][:2])
        if "icc_profile" in info or b"sRGB" in chunks:
            return None
        return _png_gamma(chunks)
    if kind in ("AVIF", "HEIC") and "icc_profile" not in info:
        file.seek(0)
        if found := _NCLX.search(file.read(_HEAD)):
            return h273(int.from_bytes(found[1]), int.from_bytes(found[2]))
    return None


def _png_chunks(file: BinaryIO) -> dict[bytes, bytes]:
    """The short chunks before the pixels."""
    chunks: dict[bytes, bytes] = {}
    place = 8
    while True:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or head[4:] in (b"IDAT", b"IEND"):
            return chunks
        length = int.from_bytes(head[:4])
        if length <= 32:
            chunks[head[4:]] = file.read(length)
        place += 12 + length


def _png_gamma(chunks: dict[bytes, bytes]) -> ColourSpace | None:
    gamma = int.from_bytes(chunks.get(b"gAMA", b"")) / 100_000
    if not 0.1 <= gamma <= 10:
        return None
    points, near = _chromaticities(chunks.get(b"cHRM", b""))
    return None if near and _NEAR_SRGB[0] <= gamma <= _NEAR_SRGB[1] else gamma_space(gamma, points)


def _chromaticities(chunk: bytes) -> tuple[Chromaticities, bool]:
    """Primaries and white of a `cHRM` chunk, and whether they are those of sRGB, as they are without one."""
    if len(chunk) != 32:
        return BT709, True
    white, red, green, blue = np.array(struct.unpack(">8I", chunk)).reshape(4, 2) / 100_000
    points = np.stack([red, green, blue, white])
    triangle = abs(np.linalg.det(np.stack([red - blue, green - blue])))
    usable = triangle > 0.01 and points[:, 1].min() >= 0.0001 and points.max() <= 1
    if not usable or np.abs(points - BT709).max() < 0.01:
        return BT709, True
    as_tuples = tuple((float(x), float(y)) for x, y in points)
    return as_tuples, False  # type: ignore[return-value]
