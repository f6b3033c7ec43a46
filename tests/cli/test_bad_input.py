"""One bad file among good ones is reported by name and skipped; whatever it is, the good ones are found."""

from __future__ import annotations

import errno
import json
import os
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.toy import draw_person
from textreid_index import Gallery

PERSON = draw_person("red", "blue", (60, 120))


def encoded(image: Image.Image, format: str, **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_bomb(side: int) -> bytes:
    """A valid PNG of a few kilobytes that says, and unpacks to, side x side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + (side + 7) // 8)) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zip_of(members: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 100, 3), np.uint8))
UNUSABLE = {
    "truncated.jpg": encoded(NOISE, "JPEG")[:4000],
    "empty.jpg": b"",
    "text.jpg": b"This is no picture.",
    "bomb.png": png_bomb(12_000),
    "huge.png": png_bomb(30_000),
    "broken.zip": b"PK\x03\x04 and nothing more",
    "outside.zip": zip_of({"../../escaped.png": encoded(PERSON, "PNG")}),
    "absolute.zip": zip_of({"/tmp/escaped.png": encoded(PERSON, "PNG")}),
    "clip.mp4": b"not a video",
}


def brightness(dtype: type, top: float) -> np.ndarray:
    """PERSON in grey, at another depth."""
    grey = np.asarray(PERSON.convert("L"), np.float64) / 255
    return (grey * top).astype(dtype)


USABLE = {
    "cmyk.jpg": encoded(PERSON.convert("CMYK"), "JPEG"),
    "palette.png": encoded(PERSON.convert("P"), "PNG"),
    "alpha.png": encoded(PERSON.convert("RGBA"), "PNG"),
    "deep.png": encoded(Image.fromarray(brightness(np.uint16, 65535)), "PNG"),
    "float.tiff": encoded(Image.fromarray(brightness(np.float32, 1.0)), "TIFF"),
    "animated.gif": encoded(PERSON, "GIF", save_all=True, append_images=[NOISE]),
    "dot.png": encoded(Image.new("RGB", (1, 1), "red"), "PNG"),
}


@pytest.fixture
def good(photos) -> Path:
    return photos


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_file_is_named_and_skipped(textreid, good, name):
    (good / name).write_bytes(UNUSABLE[name])
    done = textreid("index", "photos", "--gallery", "gallery", "--crops")
    assert f"skipped {good / name}" in done.stderr
    assert "3 people added" in done.stderr
    assert not list(good.parent.rglob("escaped*"))
    assert not Path("/tmp/escaped.png").exists()
    with Gallery.open("gallery") as gallery:
        assert gallery.verify() == []


@pytest.mark.parametrize("name", USABLE)
def test_an_unusual_image_is_a_person_like_others(textreid, good, name):
    (good / name).write_bytes(USABLE[name])
    done = textreid("index", "photos", "--gallery", "gallery", "--crops")
    assert "4 people added." in done.stderr
    found = textreid("search", "a red shirt and blue jeans", "--gallery", "gallery", "--json")
    assert len(json.loads(found.stdout)) == 4


@pytest.mark.parametrize("name", ["cmyk.jpg", "palette.png", "alpha.png", "animated.gif"])
def test_colours_survive_every_encoding(textreid, good, name):
    (good / name).write_bytes(USABLE[name])
    textreid("index", good / name, "--gallery", "gallery", "--crops")
    done = textreid("search", "a red shirt and blue jeans", "--gallery", "gallery", "--json")
    assert json.loads(done.stdout)[0]["score"] > 0.95


def test_a_turned_photo_equals_the_upright_one(textreid, good):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned = PERSON.transpose(Image.Transpose.ROTATE_90)
    (good / "turned.jpg").write_bytes(encoded(turned, "JPEG", quality=95, exif=exif))
    textreid("index", good / "turned.jpg", "--gallery", "gallery", "--crops")
    done = textreid("search", "a red shirt and blue jeans", "--gallery", "gallery", "--json")
    assert json.loads(done.stdout)[0]["score"] > 0.99


def test_an_unreadable_folder_is_named_and_skipped(textreid, good, monkeypatch):
    closed, listdir = good / "closed", os.listdir
    closed.mkdir()

    def refused(path):
        """As the system answers anybody but root for a folder of mode 0."""
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refused)
    done = textreid("index", "photos", "--gallery", "gallery", "--crops")
    assert f"skipped {closed}" in done.stderr
    assert "3 people added" in done.stderr


def test_a_foreign_folder_is_no_gallery(textreid, good):
    done = textreid("index", "photos", "--gallery", "photos", "--crops", code=2)
    assert "no gallery" in done.stderr
    assert sorted(file.suffix for file in good.iterdir()) == [".png"] * 3


def test_a_database_of_another_program_is_no_gallery(textreid, good):
    Path("other").mkdir()
    Path("other/gallery.sqlite").write_bytes(b"This is no database, and it is not ours." * 100)
    before = Path("other/gallery.sqlite").read_bytes()
    done = textreid("search", "a man", "--gallery", "other", code=2)
    assert "error: " in done.stderr
    assert Path("other/gallery.sqlite").read_bytes() == before
