"""Deep pictures shown by the range that occurs in them, against the same scene of 8 bits."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from textreid.io.depth import to_8_bits
from textreid.io.images import open_image

RNG = np.random.default_rng(5)
SCENE = cv2.GaussianBlur(RNG.integers(0, 256, (110, 90)).astype(np.float32), (9, 9), 3)
SCENE = (SCENE - SCENE.min()) / (SCENE.max() - SCENE.min())
"""[110, 90] float32 from 0 to 1."""


def shown(values: np.ndarray, folder: Path, ending: str = "png") -> np.ndarray:
    path = folder / f"deep.{ending}"
    assert cv2.imwrite(str(path), values)
    return np.asarray(open_image(path)).astype(int)


def as_stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """How a camera stores an image, from the definition of the tag."""
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }
    return np.ascontiguousarray(stored[orientation])


def with_tag(tiff: bytes, number: int, value: int) -> bytes:
    """The TIFF with its directory written once more at the end, one tag the richer."""
    place = struct.unpack_from("<I", tiff, 4)[0]
    count = struct.unpack_from("<H", tiff, place)[0]
    entries = [tiff[place + 2 + 12 * i : place + 14 + 12 * i] for i in range(count)]
    entries = [entry for entry in entries if struct.unpack_from("<H", entry)[0] != number]
    entries.append(struct.pack("<HHII", number, 3, 1, value))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    content = tiff + bytes(len(tiff) % 2)
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return content[:4] + struct.pack("<I", len(content)) + content[8:] + directory


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_bits_that_are_not_used_do_not_darken(tmp_path: Path, bits: int, ending: str) -> None:
    deep = np.rint(SCENE * (2**bits - 1)).astype(np.uint16)
    assert np.abs(shown(deep, tmp_path, ending)[:, :, 0] - 255 * SCENE).max() <= 1


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_colours_too(tmp_path: Path, bits: int, ending: str) -> None:
    colours = np.stack([SCENE, 1 - SCENE, SCENE / 2], axis=2)
    deep = np.rint(colours * (2**bits - 1)).astype(np.uint16)
    assert np.abs(shown(deep[:, :, ::-1], tmp_path, ending) - 255 * colours).max() <= 1


def test_transparency_of_16_bits_is_laid_on_white(tmp_path: Path) -> None:
    deep = np.dstack([np.rint(SCENE * 4095).astype(np.uint16)] * 3 + [np.full(SCENE.shape, 65535, np.uint16)])
    deep[:60, :, 3] = 0
    got = shown(deep, tmp_path)
    assert (got[:60] == 255).all()
    assert np.abs(got[60:, :, 0] - 255 * SCENE[60:]).max() <= 1


@pytest.mark.parametrize(("low", "high"), [(29_315, 31_158), (2_731, 3_131), (7_000, 9_000)])
def test_temperatures_in_whole_numbers_use_every_grey(tmp_path: Path, low: int, high: int) -> None:
    thermal = np.rint(low + SCENE * (high - low)).astype(np.uint16)
    assert np.abs(shown(thermal, tmp_path)[:, :, 0] - 255 * SCENE).max() <= 1


@pytest.mark.parametrize(
    ("low", "high"), [(18.5, 36.9), (-12.0, 8.0), (-40.0, -5.0), (292.1, 310.4), (0.45, 0.55)]
)
def test_temperatures_in_floats_use_every_grey(tmp_path: Path, low: float, high: float) -> None:
    celsius = (low + SCENE * (high - low)).astype(np.float32)
    assert np.abs(shown(celsius, tmp_path, "tif")[:, :, 0] - 255 * SCENE).max() <= 3


def test_temperatures_below_zero_in_whole_numbers(tmp_path: Path) -> None:
    signed = Image.fromarray(np.rint(-1500 + SCENE * 3000).astype(np.int32))
    buffer = io.BytesIO()
    signed.save(buffer, "TIFF")
    assert np.abs(np.asarray(open_image(buffer.getvalue()))[:, :, 0] - 255 * SCENE).max() <= 3


def test_dead_and_hot_pixels_change_nothing() -> None:
    large = np.tile(SCENE, (4, 4))
    thermal = np.rint(29_000 + large * 2000).astype(np.uint16)
    expected = to_8_bits(thermal).astype(int)
    thermal[5, 7], thermal[300, 200], thermal[0, 0] = 65_535, 0, 65_535
    others = np.ones(thermal.shape, bool)
    others[[5, 300, 0], [7, 200, 0]] = False
    assert np.abs(to_8_bits(thermal).astype(int) - expected)[others].max() <= 2


@pytest.mark.parametrize(
    ("values", "grey"),
    [
        (np.full((3, 3), 32_768, np.uint16), 128),
        (np.full((3, 3), 4095, np.uint16), 255),
        (np.zeros((3, 3), np.uint16), 0),
        (np.full((3, 3), 0.5), 128),
        (np.full((3, 3), -2.0), 0),
        (np.full((3, 3), np.nan), 0),
        (np.full((3, 3), np.inf), 0),
        (np.array([[-1e308, 1e308]]), None),
        (np.array([[1e-320, 2e-320]]), None),
    ],
)
def test_what_has_no_range_is_one_grey_and_nothing_overflows(values: np.ndarray, grey: int | None) -> None:
    shown = to_8_bits(values)
    assert shown.dtype == np.uint8
    assert grey is None or (np.abs(shown.astype(int) - grey) <= 1).all()


def test_white_is_zero_is_turned_round() -> None:
    deep = np.rint(SCENE * 65535).astype(np.uint16)
    buffer = io.BytesIO()
    Image.fromarray(deep).save(buffer, "TIFF", tiffinfo={262: 0})
    assert np.abs(np.asarray(open_image(buffer.getvalue()))[:, :, 0] - 255 * (1 - SCENE)).max() <= 1


@pytest.mark.parametrize("kind", [np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_colour_is_turned_upright(tmp_path: Path, kind: type, orientation: int) -> None:
    path = tmp_path / "turned.tif"
    upright = np.stack([SCENE, 1 - SCENE, SCENE / 2], axis=2)
    assert cv2.imwrite(str(path), (as_stored(upright, orientation)[:, :, ::-1] * 4095).astype(kind))
    path.write_bytes(with_tag(path.read_bytes(), 274, orientation))
    assert np.abs(np.asarray(open_image(path)).astype(int) - 255 * upright).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_deep_png_is_turned_upright(orientation: int) -> None:
    upright = np.rint(np.stack([SCENE, 1 - SCENE, SCENE / 2], axis=2) * 65535).astype(np.uint16)
    done, content = cv2.imencode(".png", as_stored(upright, orientation)[:, :, ::-1])
    assert done
    exif = Image.Exif()
    exif[274] = orientation
    block = exif.tobytes()[6:]
    body = b"eXIf" + block
    chunk = struct.pack(">I", len(block)) + body + struct.pack(">I", zlib.crc32(body))
    png = content.tobytes()
    assert np.abs(np.asarray(open_image(png[:33] + chunk + png[33:])) - upright / 257).max() <= 1


def test_a_png_that_says_how_many_bits_were_significant_is_shown_by_what_occurs() -> None:
    """`sBIT` tells how many bits the sensor had; writers scale them up, or not."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    for values in (SCENE * 4095, SCENE * 65535):
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in np.rint(values))
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 90, 110, 16, 0, 0, 0, 0)) + chunk(b"sBIT", b"\x0c")
        data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        assert np.abs(np.asarray(open_image(data))[:, :, 0] - 255 * SCENE).max() <= 1
