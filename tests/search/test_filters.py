from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tests.helpers.toy_gallery import fill
from textreid.errors import InputError
from textreid.search.filters import known, offset_seconds, photos_left_out, posix_seconds, where
from textreid_index import Gallery, InvalidValueError, Record, UnknownSourceError, Where


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T14:05", datetime(2026, 3, 1, 14, 5, tzinfo=UTC)),
        (" 2026-03-01 14:05:30.5 ", datetime(2026, 3, 1, 14, 5, 30, 500_000, tzinfo=UTC)),
        ("2026-03-01T14:05+02:00", datetime(2026, 3, 1, 14, 5, tzinfo=timezone(timedelta(hours=2)))),
        ("2026-03-01T14:05Z", datetime(2026, 3, 1, 14, 5, tzinfo=UTC)),
    ],
)
def test_dates_without_a_zone_are_utc(text, moment):
    assert posix_seconds(text) == moment.timestamp()


def test_a_time_without_a_zone_is_in_the_zone_that_was_named():
    istanbul = ZoneInfo("Europe/Istanbul")
    assert where(since="2026-03-01T14:05", zone=istanbul) == where(since="2026-03-01T11:05")
    assert where(since="2026-03-01T14:05Z", zone=istanbul) == where(since="2026-03-01T14:05")


def test_photos_that_a_place_in_a_video_leaves_out_are_counted(tmp_path):
    with Gallery.open(tmp_path / "gallery", create=True) as gallery:
        fill(
            gallery,
            [Record("1", "a.jpg"), Record("2", "b.jpg", camera="c"), Record("3", "c.mp4", offset=3.0)],
        )
        assert photos_left_out(where(since="1:30"), gallery) == 2
        assert photos_left_out(where(until="1:30", camera="c"), gallery) == 1
        assert photos_left_out(where(since="2026-03-01"), gallery) == 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("1:30", 90), ("0:01:30", 90), ("2:00:00.5", 7200.5), ("7.25", 7.25)]
)
def test_offsets_into_a_video(text, seconds):
    assert offset_seconds(text) == seconds


@pytest.mark.parametrize("text", ["yesterday", "14:05:66:1", "-3", "2026-13-01", "1:2:3:4"])
def test_other_moments_are_refused_with_the_right_form(text):
    with pytest.raises(InputError, match="2026-03-01T14:05"):
        where(since=text)


def test_both_kinds_of_moment_reach_their_own_field():
    assert where(since="1:30", until="2026-03-01") == Where(
        offset_since=90.0, until=datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    )


def test_nothing_asked_for_filters_nothing():
    assert where() == Where()


@pytest.mark.parametrize("name", ["camera", "since", "until", "source"])
def test_an_empty_text_is_no_filter(name):
    with pytest.raises((InputError, InvalidValueError)):
        where(**{name: ""})


@pytest.mark.parametrize(("since", "until"), [("2:00", "1:30"), ("2026-03-02", "2026-03-01")])
def test_an_empty_span_is_refused(since, until):
    with pytest.raises(InputError, match="exchange"):
        where(since=since, until=until)


def test_camera_and_source_are_called_as_in_the_gallery(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        fill(gallery, [Record("1", str(tmp_path / "photos" / "a.jpg"), camera="Gate")])
        asked = where(camera="gate", source="x/../photos", since="1:30")
        found = Where(camera="Gate", source=str(tmp_path / "photos"), offset_since=90.0)
        assert known(asked, gallery) == found
        with pytest.raises(UnknownSourceError, match=r"no camera called Gete\. Did you mean Gate\?"):
            known(where(camera="Gete"), gallery)
        with pytest.raises(UnknownSourceError, match=f"Did you mean {tmp_path}/photos/a.jpg"):
            known(where(source="photos/b.jpg"), gallery)
