"""Moments in metadata and in names, against the clock of the standard library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from textreid.io.taken import moment, time_in_exif, time_in_name, time_in_words, time_in_xmp

ISTANBUL = ZoneInfo("Europe/Istanbul")
THERE = datetime(2026, 3, 1, 14, 5, 12, tzinfo=ISTANBUL).timestamp()
UTC_THEN = datetime(2026, 3, 1, 14, 5, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20260301_140512.jpg",
        "20260301_140512(1).jpg",
        "20260301_140512_001.jpg",
        "VID-20260301-140512.mp4",
        "2026-03-01 14.05.12.jpg",
        "2026-03-01_14-05-12.avi",
        "2026_03_01_14_05_12.png",
        "signal-2026-03-01-14-05-12-345.jpg",
        "WhatsApp Image 2026-03-01 at 14.05.12.jpeg",
        "WhatsApp Image 2026-03-01 at 2.05.12 PM.jpeg",
        "Screenshot_20260301-140512_Camera.jpg",
        "ch01_20260301140512.mp4",
        "192.168.1.64_01_20260301140512345_MOTION_DETECTION.jpg",
        "door_2026-03-01_14h05m12s.avi",
        "20260301_140512_150512.mp4",
    ],
)
def test_names_that_cameras_give_tell_the_moment(name: str) -> None:
    assert time_in_name(name, ISTANBUL) == THERE


@pytest.mark.parametrize(
    "name", ["PXL_20260301_140512123.jpg", "2026-03-01T14:05:12Z.mp4", "20260301T140512Z.mkv"]
)
def test_some_names_are_in_utc_wherever_the_camera_was(name: str) -> None:
    assert time_in_name(name, ISTANBUL) == UTC_THEN


@pytest.mark.parametrize(
    "name",
    [
        "IMG-20260301-WA0007.jpg",
        "2026-03-01.jpg",
        "0002_c1s1_000451_03.jpg",
        "20261301_140512.jpg",
        "20260230_140512.jpg",
        "20260301_250512.jpg",
        "120260301140512.jpg",
        "19700101_000000.mp4",
        "20000101_000312.avi",
        "IMG_0001.jpg",
    ],
)
def test_other_names_tell_nothing(name: str) -> None:
    assert time_in_name(name, UTC) is None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({0x9003: "2026:03:01 14:05:12", 0x0132: "2026:03:09 00:00:01"}, THERE),
        ({0x9003: "2026:03:01 14:05:12\0", 0x9011: "+00:00"}, UTC_THEN),
        ({0x9004: "2026:03:01 14:05:12"}, THERE),
        ({0x0132: "2026:03:01 14:05:12"}, THERE),
        ({0x0132: "2026:03:01 14:05:12", 0x9010: "Z"}, UTC_THEN),
        ({0x001D: "2026:03:01", 0x0007: (14.0, 5.0, 12.0)}, UTC_THEN),
        ({0x9003: "1980:01:01 00:00:00", 0x9004: "2026:03:01 14:05:12"}, THERE),
        ({0x9003: "0000:00:00 00:00:00", 0x001D: "2026:03:01", 0x0007: (14.0, 5.0, 12.0)}, UTC_THEN),
        ({0x9003: "2026-03-01T14:05:12", 0x9011: "nowhere"}, THERE),
        ({0x9003: "    :  :     :  :  "}, None),
        ({0x001D: "2026:03:01", 0x0007: (14.0, 5.0)}, None),
        ({0x001D: "2026:03:01", 0x0007: (float("nan"), 5.0, 1e30)}, None),
        ({}, None),
    ],
)
def test_the_first_field_of_exif_that_can_be_right_counts(
    tags: dict[int, object], expected: float | None
) -> None:
    assert time_in_exif(tags, ISTANBUL) == expected


def test_xmp_tells_the_moment_of_what_has_no_exif() -> None:
    attribute = b'<rdf:Description exif:DateTimeOriginal="2026-03-01T14:05:12.50"/>'
    element = b"<photoshop:DateCreated>2026-03-01T14:05:12+00:00</photoshop:DateCreated>"
    assert time_in_xmp(attribute, ISTANBUL) == THERE
    assert time_in_xmp(element, ISTANBUL) == UTC_THEN
    assert time_in_xmp(b"<xmp:ModifyDate>2026-03-01T14:05:12</xmp:ModifyDate>", ISTANBUL) is None


@pytest.mark.parametrize("year", [1, 1904, 1970, 1980, 1989, 9999])
def test_years_in_which_nobody_recorded_are_no_time(year: int) -> None:
    assert moment(datetime(year, 6, 1, 12, tzinfo=UTC)) is None


def test_a_clock_that_was_reset_tells_no_time_and_new_year_does() -> None:
    assert moment(datetime(2000, 1, 1, 7, 30, tzinfo=ISTANBUL)) is None
    assert moment(datetime(2015, 1, 1, tzinfo=UTC)) is None
    assert moment(datetime(2015, 1, 1, 0, 0, 9, tzinfo=UTC)) == 1_420_070_409


def test_the_future_begins_tomorrow() -> None:
    now = datetime.now(UTC)
    assert moment(now + timedelta(hours=20)) is not None
    assert moment(now + timedelta(hours=30)) is None


def test_a_moment_in_words_has_the_zone_that_it_names_else_the_given_one() -> None:
    assert time_in_words("2026-03-01T14:05:12.000000Z", ISTANBUL) == UTC_THEN
    assert time_in_words("2026-03-01T17:05:12+0300", UTC) == UTC_THEN
    assert time_in_words("2026-03-01 14:05:12", ISTANBUL) == THERE
    assert time_in_words("Sun Mar 1 14:05:12 2026", UTC) is None
