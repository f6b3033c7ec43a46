"""JPEG files that are very large, cut short, or of a strange make, against readings by OpenCV."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from textreid.errors import ImageError
from textreid.io.images import open_image

RNG = np.random.default_rng(3)
SCENE = cv2.GaussianBlur(RNG.integers(0, 256, (320, 240, 3), np.uint8), (31, 31), 6)


def jpeg(image: np.ndarray = SCENE, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", **{"quality": 90, **options})
    return buffer.getvalue()


def blank(width: int, height: int, **options: object) -> bytes:
    """A JPEG of one grey, which is small and quickly made."""
    small = jpeg(np.full((16, 16), 90, np.uint8), **options)
    frame = small.index(b"\xff\xc0") if b"\xff\xc0" in small else small.index(b"\xff\xc2")
    return small[: frame + 5] + struct.pack(">HH", height, width) + small[frame + 9 :]


def test_without_its_end_mark_a_jpeg_is_read_and_it_is_said() -> None:
    whole = jpeg()
    assert whole.endswith(b"\xff\xd9")
    image = open_image(whole[:-2])
    assert np.array_equal(np.asarray(image), np.asarray(open_image(whole)))
    assert image.info == {"damage": "cut short: its end is missing."}
    assert open_image(whole).info == {}


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}], ids=str)
def test_all_but_the_last_block_is_there(options: dict[str, object]) -> None:
    whole = jpeg(**options)
    image = open_image(whole[:-12])
    difference = np.abs(np.asarray(image).astype(int) - np.asarray(open_image(whole)))
    assert difference[:-16].mean() < 1
    assert "damage" in image.info


def test_up_to_a_tenth_may_be_missing_and_the_share_is_said() -> None:
    whole = jpeg()
    start = whole.index(b"\xff\xda")
    image = open_image(whole[: start + int((len(whole) - start) * 0.94)])
    assert image.info["damage"].startswith("cut short: its lower ")
    assert 3 <= int(image.info["damage"].split()[4].rstrip("%")) <= 9
    with pytest.raises(ImageError, match=r"^broken: its lower \d\d% is missing\. Copy the file again\.$"):
        open_image(whole[: start + (len(whole) - start) // 2])


def test_a_grey_jpeg_and_one_in_inks_that_were_cut_are_told_too() -> None:
    for mode in ("L", "CMYK"):
        buffer = io.BytesIO()
        Image.fromarray(SCENE).convert(mode).save(buffer, "JPEG", quality=90)
        whole = buffer.getvalue()
        assert "damage" in open_image(whole[:-2]).info
        with pytest.raises(ImageError, match="its lower"):
            open_image(whole[: len(whole) * 2 // 3])


def test_a_damaged_picture_keeps_its_orientation_and_time() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0132] = "2026:03:01 14:05:12"
    image = open_image(jpeg(exif=exif)[:-2])
    assert image.size == (320, 240)
    assert set(image.info) == {"taken", "damage"}


def test_from_65_megapixels_on_a_jpeg_is_opened_at_half_its_size() -> None:
    assert open_image(blank(8_000, 8_000)).size == (8_000, 8_000)
    image = open_image(blank(16_320, 12_240))
    assert image.size == (8_160, 6_120)
    assert image.getpixel((0, 0)) == pytest.approx((90, 90, 90), abs=1)


def test_the_half_is_the_picture_scaled_down() -> None:
    large = np.tile(cv2.resize(SCENE[:, :, 0], (1020, 1000)), (8, 8))
    data = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    assert large.size > 65_000_000
    expected = cv2.resize(large, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    got = np.asarray(open_image(data).getchannel("R"))
    assert got.shape == expected.shape
    assert np.abs(got[:1000].astype(int) - expected[:1000]).mean() < 2


@pytest.mark.parametrize(("width", "height"), [(17_000, 12_300), (65_500, 65_500)])
def test_over_200_megapixels_are_refused(width: int, height: int) -> None:
    with pytest.raises(ImageError, match=f"{width} x {height} pixels; the limit is 200 megapixels"):
        open_image(blank(width, height))


def test_a_progressive_jpeg_that_needs_more_than_a_gigabyte_is_refused() -> None:
    frame = jpeg(progressive=True, subsampling=0)
    place = frame.index(b"\xff\xc2")
    large = frame[: place + 5] + struct.pack(">HH", 12_240, 16_320) + frame[place + 9 :]
    with pytest.raises(ImageError, match=r"would take 1\.\d GB of memory"):
        open_image(large)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\0\x02",
        b"\xff\xd8\xff\xe0\0\0",
        b"\xff\xd8\xff\xc0\0\x04\x08\0",
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\0\0\xff\xda\0\x08\x01\x01\0\0\x3f\0",
        b"\xff\xd8\xff" + b"\0" * 200_000,
    ],
    ids=["empty", "scan alone", "length 0", "half a frame", "no sampling", "no marker"],
)
def test_a_header_that_is_none_is_broken(data: bytes) -> None:
    with pytest.raises(ImageError, match="broken"):
        open_image(data)


def test_filling_between_markers_is_passed_over() -> None:
    whole = jpeg()
    assert np.array_equal(
        np.asarray(open_image(whole[:2] + b"\xff\xff" + whole[2:])), np.asarray(open_image(whole))
    )


def test_what_follows_the_end_mark_does_not_matter() -> None:
    """Phones append films to their photos, editors append thumbnails."""
    image = open_image(jpeg() + b"\0\0\0\x18ftypmp42" + bytes(100_000))
    assert image.info == {}
