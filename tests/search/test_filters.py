from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from textreid.errors import InputError
from textreid.search.filters import offset_seconds, posix_seconds, source_key, where
from textreid_index import Where


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


def test_nothing_typed_filters_nothing():
    assert where(camera="", since="", until=" ", source="") == Where()


@pytest.mark.parametrize(("since", "until"), [("2:00", "1:30"), ("2026-03-02", "2026-03-01")])
def test_an_empty_span_is_refused(since, until):
    with pytest.raises(InputError, match="exchange"):
        where(since=since, until=until)


def test_a_source_is_absolute_as_in_the_gallery(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert source_key("photos/../a.jpg") == str(tmp_path / "a.jpg")
    assert source_key("a.zip!b/c.jpg") == str(tmp_path / "a.zip!b/c.jpg")
    assert source_key("~/a.jpg") == str(Path.home() / "a.jpg")
    assert source_key("memory:0123") == "memory:0123"
