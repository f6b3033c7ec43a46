"""Films with known walkers: who is found, when, how often, and what an interruption changes (nothing)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.drawn_footage import (
    BLUE,
    GREEN,
    RED,
    Walker,
    Watcher,
    colour_of,
    draw_image,
    every,
    write_film,
    write_plain_film,
)
from textreid.people import Found, Skipped, find_people, list_sources, load_frame, video
from textreid.people.video_file import Clip


def find(path: Path, **options: object) -> list[Found | Skipped]:
    return list(find_people(list_sources([path])[0], detector=Watcher(), **options))


def the_sightings(units: list[Found | Skipped]) -> list:
    return [sighting for unit in units if isinstance(unit, Found) for sighting in unit.sightings]


THREE = [
    Walker(RED, 0.0, 4.0),
    Walker(GREEN, 1.0, 5.0, left=100, speed=-8, top=60),
    Walker(BLUE, 7.0, 9.5, left=60, speed=12),
]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "Yard 3.mp4", THREE[:1] + THREE[2:], every(10, 10))


def test_each_walker_is_one_hit_at_its_moment(film: Path) -> None:
    units = find(film)
    last = units[-1].source
    assert (last.status, last.people, last.resume_at) == ("done", 2, None)
    red, blue = the_sightings(units)
    assert [colour_of(np.asarray(s.image)) for s in (red, blue)] == [0, 2]
    assert 0.0 <= red.record.offset < 4.0
    assert 7.0 <= blue.record.offset < 9.5
    for sighting, walker in ((red, THREE[0]), (blue, THREE[2])):
        x, y = walker.at(sighting.record.offset)
        assert np.abs(np.array(sighting.record.box) - (x, y, x + 20, y + 48)).max() <= 3
        assert sighting.record.frame == round(sighting.record.offset * 10)
        assert sighting.record.camera == "Yard 3"
        assert sighting.record.time is None
        assert len(sighting.more) == 3
        assert {colour_of(np.asarray(image)) for image in sighting.more} == {
            colour_of(np.asarray(sighting.image))
        }
    assert red.record.track != blue.record.track


def test_people_who_pass_each_other_stay_two(tmp_path: Path) -> None:
    walkers = [Walker(RED, 0, 5, left=5, speed=24), Walker(BLUE, 0, 5, left=135, speed=-24, top=66)]
    sightings = the_sightings(find(write_film(tmp_path / "a.mp4", walkers, every(10, 5))))
    assert {colour_of(np.asarray(s.image)) for s in sightings} == {0, 2}


def test_a_passing_glimpse_is_nobody(tmp_path: Path) -> None:
    (found,) = find(write_film(tmp_path / "a.mp4", [Walker(RED, 1.0, 1.3)], every(10, 3)))
    assert found.sightings == []
    assert found.source.status == "done"


def test_time_stamps_not_frame_numbers_tell_the_time(tmp_path: Path) -> None:
    times = [*every(20, 2), *(2 + t for t in every(4, 4)), *(6 + t for t in every(25, 2))]  # variable rate
    walker = Walker(RED, 6.2, 7.9)
    (red,) = the_sightings(find(write_film(tmp_path / "a.mkv", [walker], times)))
    x, y = walker.at(red.record.offset)
    assert 6.2 <= red.record.offset < 7.9
    assert np.abs(np.array(red.record.box) - (x, y, x + 20, y + 48)).max() <= 3


def test_load_frame_is_the_very_frame(tmp_path: Path) -> None:
    times = [*every(20, 3), *(3 + t for t in every(7, 3))]
    walkers = [Walker(RED, 0.5, 2.5), Walker(GREEN, 3.5, 5.9, left=20, speed=20)]
    path = write_film(tmp_path / "a.mp4", walkers, times)
    for sighting in the_sightings(find(path)):
        frame = load_frame(sighting.record)
        expected = draw_image(walkers, min(times, key=lambda t: abs(t - sighting.record.offset)))
        assert np.abs(np.asarray(frame).astype(int) - expected).mean() < 4
        assert np.array_equal(np.asarray(frame.crop(sighting.record.box)), np.asarray(sighting.image))


def test_stretches_resume_to_what_an_uninterrupted_run_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "STRETCH_SECONDS", 3.0)
    monkeypatch.setattr(video, "MAX_STRETCH_SECONDS", 5.0)
    walkers = [Walker(RED, 0, 1.5), Walker(GREEN, 2.5, 11, left=5, speed=12), Walker(BLUE, 8, 10, top=60)]
    path = write_film(tmp_path / "a.mp4", walkers, every(10, 12))
    units = find(path)
    states = [unit.source for unit in units]
    assert [state.status for state in states] == ["partial"] * (len(units) - 1) + ["done"]
    begins = [state.resume_at for state in states[:-1]]
    assert begins == sorted(begins)
    assert len(set(begins)) == 2
    for begin in set(begins):
        rest = the_sightings(find(path, resume_at=begin))
        expected = [s for s in the_sightings(units) if s.record.offset >= begin]
        assert [s.record for s in rest] == [s.record for s in expected]
        assert [s.image.tobytes() for s in rest] == [s.image.tobytes() for s in expected]
    ids = [s.record.id for s in the_sightings(units)]
    assert len(set(ids)) == len(ids)
    assert [s.record.id for s in the_sightings(find(path))] == ids


def test_nobody_in_sight_ends_a_stretch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "STRETCH_SECONDS", 2.0)
    walker = Walker(RED, 0, 5)
    units = find(write_film(tmp_path / "a.mp4", [walker], every(10, 9)))
    assert len(the_sightings(units)) == 1
    begin = min({unit.source.resume_at for unit in units} - {0.0, None})
    assert 5 < begin < 7


def test_who_is_gone_is_told_within_five_seconds(tmp_path: Path) -> None:
    walkers = [Walker(RED, 0, 2), Walker(GREEN, 1, 14, left=138, speed=-8, top=70), Walker(BLUE, 5, 8)]
    units = find(write_film(tmp_path / "a.mp4", walkers, every(10, 15)))
    gone = {
        round(walker.end): unit.part * 15
        for unit in units
        for walker in walkers
        for s in unit.sightings
        if abs(s.path[-1][0] - walker.end) < 0.5
    }
    assert gone.keys() == {2, 8, 14}
    assert all(told - end <= 5.2 for end, told in gone.items())
    parts = [unit.part for unit in units]
    assert parts == sorted(parts)
    assert len(units) >= 4


def test_time_is_creation_time_or_start(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.mp4", THREE[:1], every(10, 3), creation_time="2024-02-29T12:00:00.000000Z"
    )
    (own,) = the_sightings(find(path))
    assert own.record.time == pytest.approx(1_709_208_000 + own.record.offset)
    (told,) = the_sightings(find(path, start=1000.0, camera="gate"))
    assert told.record.time == pytest.approx(1000 + told.record.offset)
    assert told.record.camera == "gate"


def test_a_clock_that_was_never_set_tells_no_time(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.mp4", THREE[:1], every(10, 3), creation_time="1970-01-01T00:00:00.000000Z"
    )
    assert the_sightings(find(path))[0].record.time is None


def test_a_turned_film_is_upright(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [Walker(RED, 0, 3, left=10, speed=5)], every(10, 3), rotation=90)
    (red,) = the_sightings(find(path))
    frame = np.asarray(load_frame(red.record))
    stored = draw_image([Walker(RED, 0, 3, left=10, speed=5)], red.record.offset)
    assert np.abs(frame.astype(int) - np.rot90(stored)).mean() < 4


def test_damaged_tail_keeps_what_came_before(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", THREE, every(10, 10))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.6)])
    units = find(path)
    assert {colour_of(np.asarray(s.image)) for s in the_sightings(units)} == {0, 1}
    assert units[-1].source.status == "done"


def test_garbage_in_the_middle_is_survived_and_told(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.avi", THREE, every(10, 10))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).integers(0, 256, 3000, np.uint8).tobytes()
    path.write_bytes(bytes(data))
    units = find(path)
    assert 0 in {colour_of(np.asarray(s.image)) for s in the_sightings(units)}
    assert isinstance(units[-1], Found)


@pytest.mark.parametrize("body", [b"", b"not a film at all", b"\0" * 5000])
def test_what_is_no_film_is_skipped_with_a_reason(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(body)
    (unit,) = find(tmp_path / "a.mp4")
    assert isinstance(unit, Skipped)
    assert "not a video" in unit.reason


def test_a_film_is_not_a_crop(film: Path) -> None:
    (unit,) = find_people(list_sources([film])[0], detector=None)
    assert isinstance(unit, Skipped)


def test_slow_film_gives_each_view(tmp_path: Path) -> None:
    walker = Walker(RED, 0, 5, left=5, speed=30)
    sightings = the_sightings(find(write_film(tmp_path / "a.mkv", [walker], every(1, 5))))
    assert [s.record.offset for s in sightings] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("score", "found"), [(0.65, [0]), (0.9, [0, 2])])
def test_what_never_moves_must_be_clearly_a_person(tmp_path: Path, score: float, found: list[int]) -> None:
    path = write_film(
        tmp_path / "a.mp4", [Walker(RED, 0, 4), Walker(BLUE, 0, 4, left=100, speed=0)], every(10, 4)
    )
    (unit,) = find_people(list_sources([path])[0], detector=Watcher(score))
    assert sorted(colour_of(np.asarray(s.image)) for s in unit.sightings) == found


@pytest.mark.parametrize("rate", [0.5, 5.0])
def test_the_sampled_frames_do_not_depend_on_where_reading_begins(film: Path, rate: float) -> None:
    def offsets(begin: float) -> list[float]:
        with Clip(film) as clip:
            return [frame.offset for frame in clip.sample(rate, begin)]

    everything = offsets(0.0)
    for begin in everything[:: max(1, len(everything) // 4)]:
        assert offsets(begin) == [offset for offset in everything if offset >= begin]


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.mov", "a.ts", "a.mpg", "a.webm", "a.m4v"])
def test_every_container_can_be_read_from_the_middle(tmp_path: Path, name: str) -> None:
    def frames(begin: float) -> list[tuple[float, bytes]]:
        with Clip(path) as clip:
            return [(frame.offset, frame.rgb.tobytes()) for frame in clip.sample(5, begin)]

    path = write_plain_film(tmp_path / name)
    everything = frames(0.0)
    for number in (0, 7, 11):
        begin = everything[number][0]
        assert frames(begin) == everything[number:]
        with Clip(path) as clip:
            assert clip.frame_at(begin).rgb.tobytes() == everything[number][1]
