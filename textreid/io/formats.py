"""What kind of image a file is, by its first bytes; its name says nothing."""

from __future__ import annotations

import re

HEAD = 64
"""Bytes from the start of a file that are enough to tell."""

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
    | {".avif", ".heic", ".heif", ".hif"}
)
"""Endings of image files; what a file is, its content decides."""

_STARTS = (
    ("JPEG", rb"\xff\xd8\xff"),
    ("PNG", rb"\x89PNG\r\n\x1a\n"),
    ("WebP", rb"RIFF....WEBP"),
    ("GIF", rb"GIF8[79]a"),
    ("BMP", rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
    ("camera raw", rb"II\*\0.{4}CR|II(?:RO|RS|U\0)|MMOR|FUJIFILMCCD-RAW|....ftypcrx "),
    ("TIFF", rb"II\*\0|MM\0\*|II\+\0|MM\0\+"),
    ("PPM", rb"P[1-6]\s"),
    ("AVIF", rb"....ftyp(?:avi[fs]|(?:mif1|msf1|miaf)(?:....){1,10}?avi[fs])"),
    ("HEIC", rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)"),
    ("JPEG XL", rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
    ("JPEG 2000", rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
    ("Photoshop", rb"8BPS\0[\x01\x02]"),
    ("OpenEXR", rb"v/1\x01"),
)
_KNOWN = [(name, re.compile(start, re.DOTALL)) for name, start in _STARTS]


def image_format(head: bytes) -> str | None:
    """The format of an image by the first bytes of its file; None if it is no image that has a name here.

    Formats that are not read have names too ("JPEG 2000", "camera raw"), so that whoever passes them over can
    say what they are; `open_image` refuses them by name.

    Args:
        head: at least the first `HEAD` bytes, or the whole file if it is shorter.
    """
    return next((name for name, start in _KNOWN if start.match(head)), None)
