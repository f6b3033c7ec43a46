"""The few EXIF tags that matter here, read without trusting how long a block says that it is."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, BinaryIO

from textreid.io.taken import TIME_TAGS

ORIENTATION = 0x0112
_FOLDERS = (0x8769, 0x8825)  # of EXIF and GPS
_WANTED = TIME_TAGS | {ORIENTATION, *_FOLDERS}
_SHORT, _LONG, _TEXT, _RATIONAL = 3, 4, 2, 5
_BYTES = {_TEXT: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8}
_LONGEST = 64  # bytes of a value


def read_exif(source: bytes | BinaryIO) -> dict[int, Any]:
    """Orientation and times in EXIF data.

    Args:
        source: an EXIF block, with or without its `Exif` mark, or an open TIFF file.

    Returns:
        Number of the tag -> text, int, or tuple of floats. What is damaged is left out; nothing is raised.
    """
    file = BytesIO(source.removeprefix(b"Exif\0\0")) if isinstance(source, bytes) else source
    tags: dict[int, Any] = {}
    try:
        file.seek(0)
        head = file.read(8)
        order = {b"II*\0": "<", b"MM\0*": ">"}[head[:4]]
        tags = _folder(file, struct.unpack(order + "I", head[4:])[0], order)
        for place in [tags.pop(number) for number in _FOLDERS if number in tags]:
            tags |= _folder(file, place, order)
    except Exception:  # whatever a stranger's block leads to
        pass
    return {number: value for number, value in tags.items() if number not in _FOLDERS}


def _folder(file: BinaryIO, place: int, order: str) -> dict[int, Any]:
    file.seek(place)
    (count,) = struct.unpack(order + "H", file.read(2))
    entries = file.read(12 * count)
    found = {}
    for number, kind, length, content in struct.iter_unpack(
        order + "HHI4s", entries[: len(entries) // 12 * 12]
    ):
        size = _BYTES.get(kind, 0) * length
        if number in _WANTED and 0 < size <= _LONGEST:
            if size > 4:
                file.seek(struct.unpack(order + "I", content)[0])
                content = file.read(size)
            found[number] = _value(content[:size], kind, order)
    return found


def _value(content: bytes, kind: int, order: str) -> Any:
    if kind == _TEXT:
        return content.split(b"\0")[0].decode("latin-1")
    if kind == _RATIONAL:
        numbers = struct.unpack(f"{order}{len(content) // 4}I", content)
        return tuple(
            over / under if under else 0.0 for over, under in zip(numbers[::2], numbers[1::2], strict=True)
        )
    return struct.unpack_from(order + ("H" if kind == _SHORT else "I"), content)[0]
