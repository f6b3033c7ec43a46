"""Small picture files that say they are large, put together by hand."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

DEFLATE, NO_COMPRESSION, PACK_BITS = 8, 1, 32773
FULL = 400_000_000
"""Bytes up to which there are as many zeros as a strip says; what says more is refused unread."""

UNSIGNED, SIGNED, FLOAT = 1, 2, 3


def tiff(
    width: int,
    height: int,
    *,
    samples: int = 3,
    bits: int = 8,
    kind: int = UNSIGNED,
    compression: int = DEFLATE,
    rows: int | None = None,
    tile: tuple[int, int] | None = None,
    photometric: int = 2,
    more: dict[int, tuple[int, int, bytes]] | None = None,
    stored: int = 1_500_000,
) -> bytes:
    """A TIFF of zeros whose one strip, or every tile, is the same few bytes.

    Args:
        width: that it says it has.
        height: that it says it has.
        samples: values a pixel.
        bits: of each value.
        kind: of numbers.
        compression: of the strips.
        rows: of a strip; None: all.
        tile: its width and height, instead of strips.
        photometric: 1 is grey, 2 colour.
        more: number -> (type, count, four bytes) of further tags.
        stored: bytes at most.
    """
    unpacked = (tile[0] * tile[1] if tile else width * min(rows or height, height)) * samples * bits // 8
    content = bytes(unpacked if unpacked < FULL else 1 << 20)
    pixels = zlib.compress(content, 9) if compression == DEFLATE else content[:stored]
    across = -(-width // tile[0]) * -(-height // tile[1]) if tile else -(-height // (rows or height))
    parts = min(across, 4096)
    tables = 8 + len(pixels)
    offsets, lengths = struct.pack("<I", 8) * parts, struct.pack("<I", len(pixels)) * parts
    depth = struct.pack("<H", bits) * min(samples, 8)
    kinds = struct.pack("<H", kind) * min(samples, 8)
    places = {"offsets": tables, "lengths": tables + 4 * parts, "bits": tables + 8 * parts}
    places["kinds"] = places["bits"] + len(depth)
    after = places["kinds"] + len(kinds)

    def value(kind: int, count: int, place: str, content: bytes) -> tuple[int, int, bytes]:
        return kind, count, content.ljust(4, b"\0") if len(content) <= 4 else struct.pack("<I", places[place])

    def number(value: int) -> tuple[int, int, bytes]:
        return 4, 1, struct.pack("<I", value)

    tags = {
        256: number(width),
        257: number(height),
        258: value(3, min(samples, 8), "bits", depth),
        259: number(compression),
        262: number(photometric),
        277: number(samples),
        339: value(3, min(samples, 8), "kinds", kinds),
        (324 if tile else 273): value(4, parts, "offsets", offsets),
        (325 if tile else 279): value(4, parts, "lengths", lengths),
        **({322: number(tile[0]), 323: number(tile[1])} if tile else {278: number(rows or height)}),
        **(more or {}),
    }
    directory = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHI", tag, kind, count) + content
        for tag, (kind, count, content) in sorted(tags.items())
    )
    head = struct.pack("<2sHI", b"II", 42, after + after % 2)
    return b"".join([head, pixels, offsets, lengths, depth, kinds, bytes(after % 2), directory, bytes(4)])


def overlapping_tags(size: int = 1_000_000, tags: int = 4000) -> bytes:
    """An EXIF block, which is a TIFF, each of whose tags says that it is nearly all of the block."""
    entries = b"".join(struct.pack("<HHII", 40_000 + tag, 7, size, 8) for tag in range(tags))
    return b"II*\0" + struct.pack("<I", size) + bytes(size - 8) + struct.pack("<H", tags) + entries + bytes(4)


def jpeg_with_exif(block: bytes) -> bytes:
    """A JPEG without a resolution, so that readers look for it in the EXIF data, in many parts."""
    buffer = BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "JPEG")
    parts = [block[start : start + 65_000] for start in range(0, len(block), 65_000)]
    exif = b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 8) + b"Exif\0\0" + part for part in parts)
    return b"\xff\xd8" + exif + buffer.getvalue()[20:]


def many_scans(width: int, height: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    buffer = BytesIO()
    Image.new("L", (width, height)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def overlapping_tags_in(kind: str) -> bytes:
    """A picture that Pillow writes, with such an EXIF block."""
    buffer = BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, kind, exif=b"Exif\0\0" + overlapping_tags())
    return buffer.getvalue()


def texts_in_a_png(count: int = 60) -> bytes:
    """A PNG with many compressed texts that unpack to a megabyte each."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000), 9))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0\0\0"))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + text * count + pixels + chunk(b"IEND", b"")


def animation(kind: str, frames: int = 3) -> bytes:
    """Frames that differ."""
    buffer = BytesIO()
    images = [
        Image.new("RGB", (2000, 2000), (shade, 0, 0)) for shade in np.linspace(0, 255, frames).astype(int)
    ]
    images[0].save(buffer, kind, save_all=True, append_images=images[1:])
    return buffer.getvalue()
