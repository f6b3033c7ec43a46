"""A decoded picture as what a person would see: the right way up, on white, in sRGB."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from textreid.io.colour import ColourSpace, to_srgb
from textreid.io.decoders import Decoded
from textreid.io.exif import ORIENTATION
from textreid.io.icc import icc_to_srgb

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Value of the EXIF orientation -> what undoes it."""

_PIXELS_AT_ONCE = 1 << 20


def upright_rgb(decoded: Decoded) -> Image.Image:
    """Mode RGB. Colours are converted strip by strip, so that no second copy of the whole is ever needed."""
    image = decoded.image
    to_rgb = _to_rgb(image, decoded.space)
    if to_rgb is not None:
        converted = Image.new("RGB", image.size)
        rows = max(1, _PIXELS_AT_ONCE // image.width)
        for top in range(0, image.height, rows):
            strip = image.crop((0, top, image.width, min(top + rows, image.height)))
            converted.paste(to_rgb(strip), (0, top))
        image = converted
    turn = _TURNS.get(decoded.exif.get(ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image, space: ColourSpace | None) -> Callable[[Image.Image], Image.Image] | None:
    """What makes strips of `image` RGB; None if they are so already."""
    mode = image.mode if image.mode in ("L", "CMYK", "LAB") else "L" if image.mode in ("LA", "1") else "RGB"
    to_srgb_by_profile = icc_to_srgb(image.info.get("icc_profile"), mode) if space is None else None
    if (
        image.mode == "RGB"
        and not image.has_transparency_data
        and to_srgb_by_profile is None
        and space is None
    ):
        return None

    def convert(strip: Image.Image) -> Image.Image:
        flat = _on_white(strip) if strip.has_transparency_data else strip
        if to_srgb_by_profile is not None:
            return to_srgb_by_profile(flat.convert(mode))
        flat = flat.convert("RGB")
        return flat if space is None else Image.fromarray(to_srgb(np.asarray(flat), space))

    return convert


def _on_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
