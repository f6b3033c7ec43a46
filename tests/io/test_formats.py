"""Formats told by content, against files that Pillow writes and the signatures that standards print."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from textreid.io.formats import HEAD, image_format


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", "PPM", "AVIF"])
def test_what_pillow_writes_is_known(name: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, name.upper())
    assert image_format(buffer.getvalue()[:HEAD]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"MM\0+\0\x08\0\0", "TIFF"),
        (b"II*\0\x10\0\0\0CR\x02\0", "camera raw"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "camera raw"),
        (b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ", "JPEG 2000"),
        (b"\xff\x0a\xfa\x7f\x01", "JPEG XL"),
    ],
)
def test_signatures(head: bytes, name: str) -> None:
    assert image_format(head) == name


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"BM",
        b"BMW drives past the camera at nine.",
        b"P1-Photos\n",
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
        b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
        b"RIFF\x24\0\0\0AVI LIST",
        b"\x1aE\xdf\xa3",
    ],
)
def test_text_film_and_archives_are_no_images(head: bytes) -> None:
    assert image_format(head) is None
