"""What a TIFF, or an EXIF block, which is one, says of itself, read before any decoder believes it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from textreid.errors import ImageError

_SUBFILE, _WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES = 254, 256, 257, 258, 262, 277
_STRIP_ROWS, _TILE_WIDTH, _TILE_HEIGHT, _PARTS = 278, 322, 323, 330
_INSIDE = frozenset({0x8769, 0x8825, 0xA005})  # EXIF, GPS and what hangs below EXIF
_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_OFFSETS = frozenset({273, 324})  # of strips, of tiles
_MAX_DIRECTORIES, _MAX_TAGS, _FEW = 16, 4096, 16
_BEYOND = 1 << 40


@dataclass(frozen=True)
class TiffHeader:
    """The first picture of a TIFF.

    Attributes:
        width: pixels, as stored.
        height: pixels, as stored.
        samples: values of a pixel.
        bits: of a value.
        part_pixels: pixels of a strip or tile, which a decoder unpacks at once.
        white_is_zero: small values are bright.
        camera_raw: it is a small copy beside the data of a sensor.
        parts: strips or tiles that it says it has.
        tag_bytes: that all tags together say they have; a number that no file has if there are too many.
    """

    width: int
    height: int
    samples: int
    bits: int
    part_pixels: int
    white_is_zero: bool
    camera_raw: bool
    parts: int
    tag_bytes: int


def read_tiff_header(file: BinaryIO, start: int = 0) -> TiffHeader:
    """Read the tags that say how large a TIFF is; of a tag that comes several times, the largest value.

    Args:
        file: an open file.
        start: where in it the TIFF begins.

    Raises:
        ImageError: it is cut off.
    """
    found: dict[int, int] = {}
    tag_bytes, parts, seen, places = 0, 0, set[int](), []
    try:
        order, big, place = _begin(file, start)
        places.append(place)
        while places and tag_bytes < _BEYOND:
            place = places.pop(0)
            if place in seen:
                continue
            seen.add(place)
            tag_bytes += _BEYOND if len(seen) > _MAX_DIRECTORIES else 0
            for number, size, values in _entries(file, start, place, order, big):
                tag_bytes += size
                parts = max(parts, size // 4 * (number in _OFFSETS))
                if number in _INSIDE:
                    places += values
                if len(seen) == 1 and values:
                    found[number] = max(found.get(number, 0), values[0])
    except Exception as error:  # a place, a length or a number that the file does not have
        raise ImageError("broken: its header was cut off.") from error
    width, height = found.get(_WIDTH, 0), found.get(_HEIGHT, 0)
    strip = width * min(height, found.get(_STRIP_ROWS, height))
    return TiffHeader(
        width,
        height,
        found.get(_SAMPLES, 1),
        found.get(_BITS, 1),
        max(strip, found.get(_TILE_WIDTH, 0) * found.get(_TILE_HEIGHT, 0)),
        found.get(_PHOTOMETRIC) == 0,
        bool(found.get(_SUBFILE, 0) & 1) and _PARTS in found,
        parts,
        tag_bytes,
    )


def _begin(file: BinaryIO, start: int) -> tuple[str, bool, int]:
    """The order of bytes, whether it is a BigTIFF, and where its first directory is."""
    file.seek(start)
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}[head[:2]]
    if struct.unpack_from(order + "H", head, 2)[0] == 43:
        return order, True, struct.unpack_from(order + "Q", head, 8)[0]
    return order, False, struct.unpack_from(order + "I", head, 4)[0]


def _entries(
    file: BinaryIO, start: int, place: int, order: str, big: bool
) -> Iterator[tuple[int, int, list[int]]]:
    """(number, bytes, its first few values if they are whole numbers) of each tag of a directory."""
    file.seek(start + place)
    (count,) = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))
    layout = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
    if count > _MAX_TAGS:
        yield 0, _BEYOND, []
        return
    table = file.read(layout.size * count)
    for number, kind, length, content in layout.iter_unpack(table[: len(table) // layout.size * layout.size]):
        size = _SIZES.get(kind, 0) * length
        values: list[int] = []
        if kind in _WHOLE:
            if size > len(content):
                content = _read_at(file, start + struct.unpack(order + ("Q" if big else "I"), content)[0])
            few = min(length, _FEW, len(content) // _SIZES[kind])
            values = list(struct.unpack_from(f"{order}{few}{_WHOLE[kind]}", content))
        yield number, size, values


def _read_at(file: BinaryIO, place: int) -> bytes:
    if place >= 1 << 62:
        return b""
    file.seek(place)
    return file.read(8 * _FEW)
