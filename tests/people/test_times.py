"""When photos and films were recorded, by whichever field says it, in whichever zone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from tests.helpers.drawn_footage import RED, Walker, Watcher, every, write_film
from textreid.errors import InputError
from textreid.io.zones import zone_named
from textreid.people import Found, find_people, list_sources
from textreid.people.video_moment import recorded

ISTANBUL = ZoneInfo("Europe/Istanbul")
MOMENT = datetime(2026, 3, 1, 14, 5, 12, tzinfo=ISTANBUL).timestamp()


def time_of(path: Path) -> float | None:
    """When the first frame of a film, or a photo, was recorded."""
    (source,) = list_sources([path])
    detector = Watcher() if source.kind == "video" else None
    units = find_people(source, detector=detector, zone=ISTANBUL)
    record = next(person.record for unit in units if isinstance(unit, Found) for person in unit.sightings)
    return None if record.time is None else record.time - (record.offset or 0.0)


FIELDS = {
    "the zone of a phone": ("a.mov", {"com.apple.quicktime.creationdate": "2026-03-01T14:05:12+0300"}),
    "a phone's film that was exported a day later": (
        "a.mov",
        {
            "com.apple.quicktime.creationdate": "2026-03-01T12:05:12+0100",
            "creation_time": "2026-03-02T09:00:00.000000Z",
        },
    ),
    "a film in UTC": ("a.mp4", {"creation_time": "2026-03-01T11:05:12.000000Z"}),
    "Matroska": ("a.mkv", {"creation_time": "2026-03-01T11:05:12.000000Z"}),
    "Matroska's own field": ("a.mkv", {"DATE_RECORDED": "2026-03-01 14:05:12"}),
    "AVI": ("a.avi", {"date": "2026-03-01 14:05:12"}),
    "the name": ("VID_20260301_140512.mp4", {}),
    "the name, where the clock was never set": (
        "ch01_2026-03-01_14-05-12.mp4",
        {"creation_time": "1970-01-01T00:00:00.000000Z"},
    ),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_film_has_its_time_from_the_first_field_that_is_one(tmp_path: Path, field: str) -> None:
    name, metadata = FIELDS[field]
    path = tmp_path / name
    options = {"movflags": "use_metadata_tags"} if path.suffix == ".mov" else {}
    write_film(path, [Walker(RED, 0, 2)], every(10, 2), options=options, **metadata)
    assert time_of(path) == pytest.approx(MOMENT, abs=0.01)


@pytest.mark.parametrize("year", ["0001", "1904", "1970", "9000", "9999", "99999"])
def test_a_film_from_another_age_has_no_time(tmp_path: Path, year: str) -> None:
    assert recorded({"creation_time": f"{year}-01-01T00:00:00.000000Z"}, "a.mp4", ISTANBUL) is None


def test_a_photo_s_time_without_a_zone_is_in_the_zone_that_was_named(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:03:01 14:05:12"
    Image.new("RGB", (40, 80)).save(tmp_path / "camera.jpg", exif=exif)
    assert time_of(tmp_path / "camera.jpg") == MOMENT


@pytest.mark.parametrize(
    "name", ["Europe/Istambul", "Mars", "../../etc/passwd", "", "/", "Europe", "x" * 5000]
)
def test_a_zone_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="There is no time zone"):
        zone_named(name)


def test_the_nearest_zone_is_named() -> None:
    with pytest.raises(InputError, match="Did you mean Europe/Istanbul"):
        zone_named("Europe/Istambul")
