"""Colour profiles inside pictures (ICC) to sRGB: ProPhoto, Display P3, Adobe RGB, and those of printers."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import product

import numpy as np
from PIL import Image, ImageCms

Convert = Callable[[Image.Image], Image.Image]

_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab ": "LAB"}
_NEAR = 2  # levels of 255 by which a profile may differ from sRGB and be taken for it


def icc_to_srgb(profile: bytes | None, mode: str) -> Convert | None:
    """What turns pictures of a profile into sRGB; None if there is nothing to do.

    Args:
        profile: from the file; a broken one, or one for another kind of picture, counts as none.
        mode: of the pictures: "RGB", "L", "CMYK" or "LAB".
    """
    try:
        if mode == "LAB":
            source = ImageCms.createProfile("LAB")
        elif profile:
            source = ImageCms.ImageCmsProfile(BytesIO(profile)).profile
            if _MODES.get(source.xcolor_space) != mode:
                return None
        else:
            return None
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if mode == "RGB" and _changes_nothing(transform):
            return None
    except Exception:  # a profile that does not fit, in one of many ways
        return None
    return lambda image: ImageCms.applyTransform(image, transform) or image


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    levels = np.array(list(product((0, 64, 128, 192, 255), repeat=3)), np.uint8)[None]
    converted = ImageCms.applyTransform(Image.fromarray(levels), transform)
    return converted is not None and int(np.abs(np.asarray(converted) - levels.astype(int)).max()) <= _NEAR
