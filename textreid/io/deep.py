"""Pictures of more than 8 bits a channel as pictures of 8 bits."""

from __future__ import annotations

import numpy as np
from PIL import Image

from textreid.io.depth import to_8_bits


def deep_grey(image: Image.Image, white_is_zero: bool = False) -> Image.Image:
    """A picture of mode I or F as one of mode L, with its ICC profile."""
    grey = to_8_bits(np.asarray(image))
    return _image(255 - grey if white_is_zero else grey, image.info.get("icc_profile"))


def decode_deep(content: bytes, profile: bytes | None) -> Image.Image | None:
    """Decode a PNG or TIFF with OpenCV, which keeps every bit of colours where Pillow keeps the upper eight.

    (OpenCV's order of colours is blue, green, red.)
    Transparency is scaled by its type, colours by the range that occurs.

    Args:
        content: of the file.
        profile: ICC profile in it, if there is one.

    Returns:
        A picture of mode L, RGB or RGBA, not turned; None if OpenCV cannot read it.
    """
    import cv2

    values = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        return None
    pixels = to_8_bits(values) if values.ndim == 2 else to_8_bits(values[:, :, :3])
    if values.ndim == 2 or values.shape[2] == 3:
        del values  # of which there may be hundreds of megabytes
        return _image(pixels if pixels.ndim == 2 else pixels[:, :, ::-1], profile)
    top = np.iinfo(values.dtype).max if np.issubdtype(values.dtype, np.integer) else 1.0
    alpha = np.rint(255 * np.clip(values[:, :, 3] / top, 0, 1)).astype(np.uint8)
    return _image(np.dstack([pixels[:, :, ::-1], alpha]), profile)


def _image(pixels: np.ndarray, profile: bytes | None) -> Image.Image:
    image = Image.fromarray(pixels)
    image.info = {"icc_profile": profile}
    return image
