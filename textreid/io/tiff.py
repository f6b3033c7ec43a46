"""TIFF files: from scanners, microscopes and thermal cameras, and small ones that would fill the memory."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from textreid.errors import ImageError
from textreid.io.deep import decode_deep, deep_grey
from textreid.io.tiff_header import TiffHeader

_PART = 500  # bytes of memory for the place of each strip or tile


def check_tiff(header: TiffHeader, file_size: int) -> None:
    """Refuse what is no picture, or cannot be what it says.

    Raises:
        ImageError: it is a camera raw file, or its tags, which must overlap, claim more than the file has.
    """
    if header.camera_raw:
        raise ImageError("a camera raw file. Export it as JPEG.")
    if header.tag_bytes > file_size + 4096:
        raise ImageError("broken: its tags are longer than the file.")


def tiff_memory(header: TiffHeader, file_size: int) -> int:
    """Bytes that `load_tiff` takes at most."""
    pixels, pixel = header.width * header.height, header.samples * header.bits / 8
    part = header.part_pixels * pixel
    if header.samples == 1 and header.bits <= 32:
        decoded = 3 * pixels * max(pixel, 1) + part
    else:  # OpenCV hands over a copy of what it decoded; afterwards there is one of 8 bits beside it
        decoded = pixels * pixel + max(pixels * pixel, part, pixels * header.samples)
    return int(decoded) + 3 * header.tag_bytes + _PART * header.parts + file_size


def load_tiff(file: BinaryIO, header: TiffHeader) -> Image.Image:
    """Decode the first picture of an open TIFF, upright; what has more than 8 bits is scaled to them.

    Of TIFFs, both Pillow and OpenCV undo the orientation themselves.

    Raises:
        ImageError: a kind of TIFF that cannot be read.
    """
    file.seek(0)
    try:
        image = TiffImageFile(file)
    except SyntaxError:  # floats in colour, doubles, 10 and 14 bits
        image = None
    if image is None or (header.bits > 8 and header.samples > 1):
        file.seek(0)
        deep = decode_deep(file.read(), image.info.get("icc_profile") if image else None)
        if deep is not None:
            return deep
    if image is None:
        raise ImageError("a kind of TIFF that cannot be read. Save it as PNG.")
    image.load()
    return deep_grey(image, header.white_is_zero) if image.mode.startswith(("I", "F")) else image
