"""Who decodes which format, and how much memory that takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.WebPImagePlugin import WebPImageFile

from textreid.errors import ImageError
from textreid.io.colour import ColourSpace
from textreid.io.colour_labels import colour_label
from textreid.io.deep import decode_deep, deep_grey
from textreid.io.exif import ORIENTATION, read_exif
from textreid.io.jpeg import KEPT_PIXELS, load_jpeg, read_jpeg_header
from textreid.io.tiff import check_tiff, load_tiff, tiff_memory
from textreid.io.tiff_header import read_tiff_header

MAX_PIXELS = 50_000_000
"""Of every format but JPEG."""

_CONVERTED = 12  # bytes a pixel: as stored, in sRGB, the right way up
_EXIF_BLOCK, _MANY_BLOCKS = re.compile(rb"(?:\0\0\0\0|Exif\0\0)(II\*\0|MM\0\*)"), 100


@dataclass(frozen=True)
class Decoded:
    """A picture as its decoder leaves it.

    Attributes:
        image: 8 bits a channel, any mode, as stored.
        exif: tags by number, as `read_exif` gives them.
        xmp: XMP packet, b"" if there is none.
        space: what the file says of its colours without a profile; None: sRGB.
        damage: what is missing, in words; None if nothing is.
    """

    image: Image.Image
    exif: dict[int, Any]
    xmp: bytes = b""
    space: ColourSpace | None = None
    damage: str | None = None


@dataclass(frozen=True)
class Decoder:
    """A picture of which the header was read.

    Attributes:
        memory: bytes that it takes to make an upright RGB image of it.
        load: decodes it.
    """

    memory: int
    load: Callable[[], Decoded]


def decoder_of(kind: str, file: BinaryIO) -> Decoder:
    """Read the header of an open image.

    Args:
        kind: from `image_format`.
        file: seekable.

    Raises:
        ImageError: it is of a format that is not read, or larger than allowed.
    """
    if kind == "JPEG":
        return _jpeg(file)
    if kind == "TIFF":
        return _tiff(file)
    if kind not in _OTHERS:
        raise ImageError(f"a {kind} file, which is not read. Save it as JPEG or PNG.")
    return _other(kind, file)


def _jpeg(file: BinaryIO) -> Decoder:
    header = read_jpeg_header(file)
    pixels = header.width * header.height
    kept = pixels // 4 if pixels > KEPT_PIXELS else pixels

    def load() -> Decoded:
        image, damage = load_jpeg(file, header)
        return Decoded(image, read_exif(header.exif), header.xmp, damage=damage)

    return Decoder(max(header.buffered + 4 * kept, _CONVERTED * kept), load)


def _tiff(file: BinaryIO) -> Decoder:
    header, size = read_tiff_header(file), file.seek(0, 2)
    check_tiff(header, size)
    _check_pixels(header.width, header.height)

    def load() -> Decoded:
        exif = read_exif(file)
        image = load_tiff(file, header)
        exif.pop(ORIENTATION, None)
        return Decoded(image, exif, image.info.get("xmp") or b"")

    return Decoder(max(tiff_memory(header, size), _CONVERTED * header.width * header.height), load)


def _other(kind: str, file: BinaryIO) -> Decoder:
    if kind == "AVIF":
        _check_tags(file)
    file.seek(0)
    opened, pixel = _OTHERS[kind]
    image = opened(file)
    _check_pixels(*image.size)

    def load() -> Decoded:
        space = colour_label(kind, file, image.info)
        exif = read_exif(image.info.get("exif") or b"")
        xmp = image.info.get("xmp") or b""
        if kind == "PNG" and image.tile and str(image.tile[0].args).endswith(";16B"):
            file.seek(0)
            if (deep := decode_deep(file.read(), image.info.get("icc_profile"))) is not None:
                return Decoded(deep, exif, xmp, space)
        image.load()
        return Decoded(deep_grey(image) if image.mode.startswith(("I", "F")) else image, exif, xmp, space)

    return Decoder(pixel * image.width * image.height + file.seek(0, 2), load)


def _heic(file: BinaryIO) -> ImageFile:
    try:
        from pi_heif import HeifImageFile
    except ImportError as error:
        raise ImageError("a HEIC file. To read it: pip install 'textreid[heic]'") from error
    return HeifImageFile(file)


_OTHERS: dict[str, tuple[Callable[[BinaryIO], ImageFile], int]] = {
    "PNG": (PngImageFile, 14),
    "WebP": (WebPImageFile, 21),
    "GIF": (GifImageFile, 12),
    "BMP": (BmpImageFile, 12),
    "PPM": (PpmImageFile, 16),
    "AVIF": (AvifImageFile, 20),
    "HEIC": (_heic, 20),
}
"""Kind -> who decodes it, and the bytes of memory that a pixel takes at most from there to RGB."""


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"unpacks to {width} x {height} pixels; the limit is {MAX_PIXELS // 1_000_000} megapixels. "
            "Save a smaller copy."
        )


def _check_tags(file: BinaryIO) -> None:
    """Refuse a file whose EXIF data claims more than the file has: of an AVIF Pillow reads all of it."""
    file.seek(0)
    content, claimed = file.read(), 0
    for block in islice(_EXIF_BLOCK.finditer(content), _MANY_BLOCKS):
        with suppress(ImageError):  # what is cut off costs nothing
            claimed += read_tiff_header(file, block.start(1)).tag_bytes
    if claimed > len(content):
        raise ImageError("broken: its tags are longer than the file.")
