"""Any image file to one upright 8-bit RGB image, within bounded memory and without trusting the file.

Cameras, scanners and archives hand over far more than sRGB JPEG. Whatever comes in (16 bits, floats, CMYK,
palettes, transparency, EXIF rotation, animation), one `PIL.Image` in mode RGB comes out, or an `ImageError`
that says why not.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin

from textreid.errors import ImageError

MAX_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
SUFFIXES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".gif",
        ".bmp",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pnm",
    }
)

_EXIF_IFD, _TAKEN, _TAKEN_OFFSET = 0x8769, 0x9003, 0x9011


def open_image(source: Path | bytes | BinaryIO) -> Image.Image:
    """Decode one image: upright, RGB, 8 bits a channel.

    EXIF orientation is applied. Integers of 16 bits keep their full range (65535 becomes 255); floats are
    scaled by the range they use (0-1, 0-255, 0-65535, else from their smallest to their largest value).
    Transparency is laid on white. Of an animation the first frame is taken.

    Args:
        source: a file, its bytes, or a binary stream.

    Returns:
        An image in mode RGB. Its `info` is empty but for `"taken"`, the POSIX time in seconds at which EXIF
        says the image was taken, where it does (a time without a zone is read as UTC).

    Raises:
        ImageError: the file is missing, empty, not an image of a known format, broken or cut short, or has
            more than 50 megapixels (read from its header, before anything is decoded). The message is the
            reason alone: the caller knows the name.
    """
    if isinstance(source, bytes):
        return _decode(BytesIO(source))
    if not isinstance(source, Path):
        return _decode(source)
    if not source.is_file():
        raise ImageError("not a file." if source.exists() else "there is no such file.")
    try:
        with source.open("rb") as file:
            return _decode(file)
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}.") from error


def _decode(stream: BinaryIO) -> Image.Image:
    with _plain_reasons():
        try:
            opened = Image.open(stream, formats=FORMATS)
        except Image.UnidentifiedImageError:
            return _float_colour_tiff(stream)
        with opened:
            _check_size(*opened.size)
            opened.load()
            taken = _taken(opened)
            image = _rgb(_turned(opened))
    image.info = {} if taken is None else {"taken": taken}
    return image


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"unpacks to {width} x {height} pixels; the limit is {MAX_PIXELS // 1_000_000} megapixels. "
            "Save a smaller copy."
        )


@contextmanager
def _plain_reasons() -> Iterator[None]:
    """Turn whatever a decoder raises on hostile bytes into an `ImageError` with a readable reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"unpacks to more than {MAX_PIXELS // 1_000_000} megapixels. Save a smaller copy."
        ) from error
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, zlib.error and more
        raise ImageError(f"broken: {str(error).rstrip('.') or type(error).__name__}.") from error


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block must not cost the image
        return image


def _taken(image: Image.Image) -> float | None:
    try:
        exif = image.getexif().get_ifd(_EXIF_IFD)
        taken = datetime.strptime(str(exif[_TAKEN]).strip("\0 "), "%Y:%m:%d %H:%M:%S")
        zone = datetime.strptime(str(exif.get(_TAKEN_OFFSET, "+00:00")).strip("\0 "), "%z").tzinfo
    except Exception:
        return None
    return taken.replace(tzinfo=zone or UTC).timestamp()


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_to_uint8(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB") if image.mode != "RGB" else image.copy()


def _float_colour_tiff(stream: BinaryIO) -> Image.Image:
    """The common kind of image that Pillow cannot read: TIFF with several floats, or a double, a pixel."""
    stream.seek(0)
    header = stream.read(8)
    if header[:4] not in (b"II*\0", b"MM\0*"):
        raise ImageError("empty, or not an image in a known format (JPEG, PNG, WebP, GIF, BMP, TIFF).")
    import cv2

    tags = TiffImagePlugin.ImageFileDirectory_v2(header)
    stream.seek(tags.next)
    tags.load(stream)
    _check_size(tags[TiffImagePlugin.IMAGEWIDTH], tags[TiffImagePlugin.IMAGELENGTH])
    stream.seek(0)
    pixels = cv2.imdecode(np.frombuffer(stream.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ImageError("a kind of TIFF that cannot be read. Save it as PNG.")
    if pixels.ndim == 3:
        pixels = pixels[:, :, 2::-1]  # OpenCV's order is blue, green, red
    return Image.fromarray(_to_uint8(pixels)).convert("RGB")


def _to_uint8(values: np.ndarray) -> np.ndarray:
    """Scale integers of more than 8 bits, or floats, to uint8; what is not finite becomes black."""
    if values.dtype == np.uint8:
        return values
    scale = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(scale.min()), float(scale.max())
    integers = np.issubdtype(values.dtype, np.integer)
    usual = (65535.0,) if integers else (1.0, 255.0, 65535.0)
    low, high = next(((0.0, top) for top in usual if low >= 0.0 and high <= top), (low, high))
    if low == high:
        return np.zeros(values.shape, np.uint8)
    return np.rint((scale - low) * (255.0 / (high - low))).astype(np.uint8)
