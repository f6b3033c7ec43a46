"""Any image file to one upright 8-bit sRGB image, within bounded memory and without trusting the file.

Cameras, scanners and archives hand over far more than sRGB JPEG. Whatever comes in (16 bits, floats, CMYK,
palettes, transparency, colour profiles, EXIF rotation, animation), one `PIL.Image` in mode RGB comes out, or
an `ImageError` that says why not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from textreid.errors import ImageError
from textreid.io.decoders import MAX_PIXELS, Decoded, decoder_of
from textreid.io.formats import HEAD, SUFFIXES, image_format
from textreid.io.memory import room_for
from textreid.io.taken import first_time, time_in_exif, time_in_name, time_in_xmp
from textreid.io.upright import upright_rgb
from textreid.io.without_warnings import without_warnings

__all__ = ["MAX_PIXELS", "SUFFIXES", "open_image"]

_READ = "JPEG, PNG, WebP, GIF, BMP, TIFF, PPM, AVIF, HEIC"


def open_image(
    source: Path | bytes | BinaryIO, *, name: str | None = None, zone: tzinfo = UTC
) -> Image.Image:
    """Decode one image: upright, sRGB, 8 bits a channel.

    The format is what the content says, whatever the name. EXIF orientation is applied, colours are converted
    to sRGB (ICC profiles, PNG's `cICP`, `gAMA` and `cHRM`, the labels of AVIF and HEIC, PQ and HLG included).
    Pictures of more than 8 bits are scaled by the range that occurs in them (`textreid.io.depth.to_8_bits`).
    Transparency is laid on white. Of an animation the first frame is taken. A JPEG of more than 65 megapixels
    is opened at half its width and height, one that was cut short as long as no more than a tenth is missing.

    Args:
        source: a file, its bytes, or a binary stream.
        name: what the file is called, where `source` is no path; a moment may stand in it.
        zone: where the camera's clock hung, for times without a zone.

    Returns:
        An image in mode RGB. Its `info` has nothing but `"taken"`, the POSIX time in seconds at which it was
        taken, where EXIF, XMP or the name say so; and `"damage"`, what is missing from it, where anything is.

    Raises:
        ImageError: the file is missing, empty, not an image of a format that is read, broken or cut short, or
            has more than 50 megapixels (JPEG: 200), or would take more than 1 GB of memory to open; both are
            read from its header, before anything is decoded. The message is the reason alone: the caller
            knows the name.
    """
    if isinstance(source, bytes):
        return _open(BytesIO(source), name, zone)
    if not isinstance(source, Path):
        return _open(source, name, zone)
    if not source.is_file():
        raise ImageError("not a file." if source.exists() else "there is no such file.")
    try:
        with source.open("rb") as file:
            return _open(file, name or source.name, zone)
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}.") from error


def _open(file: BinaryIO, name: str | None, zone: tzinfo) -> Image.Image:
    with _plain_reasons():
        file.seek(0)
        kind = image_format(file.read(HEAD))
        if kind is None:
            raise ImageError(f"empty, or not an image in a known format ({_READ}).")
        decoder = decoder_of(kind, file)
        with room_for(decoder.memory):
            decoded = decoder.load()
            taken = _taken(decoded, name, zone)
            image = upright_rgb(decoded)
    known = {"taken": taken, "damage": decoded.damage}
    image.info = {key: value for key, value in known.items() if value is not None}
    return image


def _taken(decoded: Decoded, name: str | None, zone: tzinfo) -> float | None:
    in_file = time_in_exif(decoded.exif, zone), time_in_xmp(decoded.xmp, zone)
    return first_time((*in_file, time_in_name(name, zone) if name else None))


@contextmanager
def _plain_reasons() -> Iterator[None]:
    """Turn whatever a decoder raises on hostile bytes into an `ImageError` with a readable reason."""
    try:
        with without_warnings():
            yield
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("there is not enough memory to open it. Save a smaller copy.") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, zlib.error and more
        reason = " ".join(str(error).split())[:200].rstrip(".")
        readable = "".join(letter if letter.isprintable() else "?" for letter in reason)
        raise ImageError(f"broken: {readable or type(error).__name__}.") from error
