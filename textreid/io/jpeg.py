"""JPEG files: of up to 200 megapixels, with hostile headers, and cut short."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import RawIOBase
from typing import BinaryIO, cast

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from textreid.errors import ImageError

MAX_PIXELS = 16_384 * 12_288
"""200 megapixels, as the largest sensors of phones have them."""

KEPT_PIXELS = 65_000_000
"""A JPEG with more is opened at half its width and height."""

MISSING = 0.1
"""Share of the rows that may be missing from a file that was cut short."""

_MAX_HEADER, _MAX_FILLING = 64 * 2**20, 1 << 16  # bytes
_MAX_PASSES = 2_500_000_000  # pixels times scans: about ten seconds
_START_OF_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_ALONE = frozenset(bytes([marker]) for marker in (0x00, 0x01, *range(0xD0, 0xDA), 0xFF))
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xDA, 0xE0, 0xEE}) | _FRAMES


@dataclass(frozen=True)
class JpegHeader:
    """What stands before the pixels of a JPEG.

    Attributes:
        width: pixels, as stored.
        height: pixels, as stored.
        buffered: bytes that the decoder keeps of the whole picture, since it comes in several scans.
        start: the header again, with tables, frame and colour profile alone.
        pixels_at: where in the file the first scan begins.
        exif: EXIF block, b"" if there is none.
        xmp: XMP packet, b"" if there is none.
    """

    width: int
    height: int
    buffered: int
    start: bytes
    pixels_at: int
    exif: bytes
    xmp: bytes


def read_jpeg_header(file: BinaryIO) -> JpegHeader:
    """Read the header of an open JPEG.

    Raises:
        ImageError: there is no frame or scan in it, or it has more than 200 megapixels, or too many scans.
    """
    file.seek(2)
    start, exif, xmp, frame = bytearray(b"\xff\xd8"), b"", b"", b""
    while True:
        marker = _next_marker(file)
        length = int.from_bytes(file.read(2))
        content = file.read(max(0, length - 2))
        if length < 2 or len(content) < length - 2 or file.tell() > _MAX_HEADER:
            raise ImageError("broken: its header was cut off.")
        if marker in _TABLES or (marker == 0xE2 and content.startswith(b"ICC_PROFILE\0")):
            start += bytes([0xFF, marker]) + length.to_bytes(2) + content
        if marker == 0xE1 and content.startswith(b"Exif\0") and not exif:
            exif = content
        if marker == 0xE1 and content.startswith(b"http://ns.adobe.com/xap/1.0/\0") and not xmp:
            xmp = content
        if marker in _FRAMES:
            if frame:
                raise ImageError("broken: it has two frames.")
            frame = content
            progressive = marker in (0xC2, 0xC6, 0xCA, 0xCE)
        if marker == 0xDA:
            break
    if len(frame) < 6 or not content or len(frame) < 6 + 3 * frame[5]:
        raise ImageError("broken: it has no frame.")
    height, width, components = struct.unpack(">HHB", frame[1:6])
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"unpacks to {width} x {height} pixels; the limit is 200 megapixels. Save a smaller copy."
        )
    pixels_at, buffered = file.tell(), 0
    if progressive or content[0] < components:
        sampling = [(frame[7 + 3 * i] >> 4) * (frame[7 + 3 * i] & 15) for i in range(components)]
        buffered = 2 * width * height * sum(sampling) // max(1, *sampling)
        if width * height * _count(file, _START_OF_SCAN) > _MAX_PASSES:
            raise ImageError("unpacks in too many passes. Save it again as an ordinary JPEG.")
    return JpegHeader(width, height, buffered, bytes(start), pixels_at, exif, xmp)


def load_jpeg(file: BinaryIO, header: JpegHeader) -> tuple[Image.Image, str | None]:
    """Decode an open JPEG, at half its width and height if it has more than `KEPT_PIXELS`.

    Returns:
        The image as stored, and what is damaged in it: a file that was cut short lacks rows at its lower end,
        which are grey.

    Raises:
        ImageError: more than a tenth of the rows is missing.
    """
    stream = _Mended(file, header)
    image = JpegImageFile(cast(BinaryIO, stream))
    if header.width * header.height > KEPT_PIXELS:
        image.draft(None, (header.width // 2, header.height // 2))
    image.load()
    if not stream.cut:
        return image, None
    missing = _grey_rows(image) / image.height
    if missing > MISSING:
        raise ImageError(f"broken: its lower {missing:.0%} is missing. Copy the file again.")
    return image, f"cut short: {f'its lower {missing:.0%} is' if missing >= 0.005 else 'its end is'} missing."


class _Mended(RawIOBase):
    """A JPEG with its header written anew and, where the file ends without one, an end mark."""

    def __init__(self, file: BinaryIO, header: JpegHeader) -> None:
        self._file, self._start, self._offset = file, header.start, header.pixels_at
        self._place = 0
        self.cut = False

    def seek(self, place: int, whence: int = 0) -> int:
        self._place = place + self._place if whence == 1 else place
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, size: int = -1) -> bytes:
        found = self._start[self._place : self._place + size]
        if not found:
            self._file.seek(self._offset + self._place - len(self._start))
            found = self._file.read(size)
        if not found and not self.cut:
            self.cut, found = True, _END
        self._place += len(found)
        return found


def _next_marker(file: BinaryIO) -> int:
    """The next marker that has a length; filling before it is passed over, within reason."""
    before = b""
    for _ in range(_MAX_FILLING):
        byte = file.read(1)
        if not byte:
            break
        if before == b"\xff" and byte not in _ALONE:
            return byte[0]
        before = byte
    raise ImageError("broken: its header was cut off.")


def _count(file: BinaryIO, mark: bytes) -> int:
    count, last = 1, b""
    while block := file.read(1 << 20):
        count += (last + block).count(mark)
        last = block[-1:]
    return count


def _grey_rows(image: Image.Image) -> int:
    """Rows at the lower end of the middle grey that stands for what is not there."""
    for row in range(image.height - 1, -1, -1):
        values = np.asarray(image.crop((0, row, image.width, row + 1)))
        if values.min() < 127 or values.max() > 128:
            return image.height - 1 - row
    return image.height
