"""EXIF data read by hand, against what Pillow writes; damaged data costs nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from textreid.io.exif import read_exif


def block(order: str = "<") -> bytes:
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112] = 6
    exif[0x010F] = "Camera"
    exif[0x0132] = "2026:03:02 00:00:00"
    exif.get_ifd(0x8769)[0x9003] = "2026:03:01 14:05:12"
    exif.get_ifd(0x8769)[0x9011] = "+01:00"
    exif.get_ifd(0x8825)[29] = "2026:03:01"
    exif.get_ifd(0x8825)[7] = (IFDRational(13), IFDRational(5), IFDRational(25, 2))
    return exif.tobytes()


EXPECTED = {
    0x0112: 6,
    0x0132: "2026:03:02 00:00:00",
    0x9003: "2026:03:01 14:05:12",
    0x9011: "+01:00",
    29: "2026:03:01",
    7: (13.0, 5.0, 12.5),
}


def test_orientation_and_times_are_read() -> None:
    assert read_exif(block()) == EXPECTED
    assert read_exif(block()[6:]) == EXPECTED


def test_a_damaged_block_gives_what_is_left_of_it() -> None:
    whole = np.frombuffer(block(), np.uint8)
    rng = np.random.default_rng(0)
    same = 0
    for _ in range(400):
        bad = whole.copy()
        bad[rng.integers(0, len(bad), 3)] = rng.integers(0, 256, 3)
        found = read_exif(bad.tobytes()[: rng.integers(0, len(bad) + 1)])
        same += sum(found.get(number) == value for number, value in EXPECTED.items())
    assert 100 < same < 400 * len(EXPECTED)


@pytest.mark.parametrize(
    "source", [b"", b"Exif\0\0", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"]
)
def test_what_is_no_exif_has_no_tags(source: bytes) -> None:
    assert read_exif(source) == {}


def test_a_block_that_leads_back_to_itself_ends() -> None:
    loop = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0" + bytes(4)
    assert read_exif(loop) == {}
