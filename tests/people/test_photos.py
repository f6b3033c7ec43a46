"""Photos: who is in them, where, when, before which camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.drawn_footage import SCENE, Watcher, colour_of
from textreid.people import Found, Skipped, find_people, list_sources, load_frame


def photo(path: Path, pixels: np.ndarray = SCENE, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def find(path: Path, detector: Watcher | None, **options: object) -> Found | Skipped:
    (unit,) = find_people(list_sources([path])[0], detector=detector, **options)
    return unit


def test_each_person_is_cut_out_where_the_record_says(tmp_path: Path) -> None:
    found = find(photo(tmp_path / "gate" / "a.png"), Watcher())
    assert (found.source.status, found.source.people, found.source.settings) == ("done", 2, "watcher")
    assert {s.record.box for s in found.sightings} == {(10, 40, 30, 88), (90, 20, 110, 68)}
    for sighting in found.sightings:
        left, top, right, bottom = map(int, sighting.record.box)
        assert np.array_equal(np.asarray(sighting.image), SCENE[top:bottom, left:right])
        assert np.array_equal(np.asarray(load_frame(sighting.record)), SCENE)
        assert (sighting.record.camera, sighting.record.time, sighting.record.offset) == ("gate", None, None)


def test_a_photo_without_people_is_done(tmp_path: Path) -> None:
    found = find(photo(tmp_path / "a.png", np.full((50, 50, 3), 128, np.uint8)), Watcher())
    assert (found.source.status, found.source.people, found.sightings) == ("done", 0, [])


def test_a_crop_is_one_person(tmp_path: Path) -> None:
    found = find(photo(tmp_path / "a.png"), None)
    (sighting,) = found.sightings
    assert found.source.settings == "crops"
    assert (sighting.record.box, sighting.score) == (None, None)
    assert np.array_equal(np.asarray(sighting.image), SCENE)


def test_ids_are_stable_and_tell_people_and_files_apart(tmp_path: Path) -> None:
    paths = [photo(tmp_path / name) for name in ("a.png", "b.png")]
    ids = [
        [s.record.id for s in find(path, detector).sightings]
        for path in paths
        for detector in (Watcher(), None)
    ]
    again = [
        [s.record.id for s in find(path, detector).sightings]
        for path in paths
        for detector in (Watcher(), None)
    ]
    assert ids == again
    assert len({one for some in ids for one in some}) == 6


def test_boxes_lie_in_the_upright_image(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned left, to be shown turned right
    turned = find(photo(tmp_path / "a.png", np.ascontiguousarray(np.rot90(SCENE)), exif=exif), Watcher())
    assert {s.record.box for s in turned.sightings} == {(10, 40, 30, 88), (90, 20, 110, 68)}
    assert sorted(colour_of(np.asarray(s.image)) for s in turned.sightings) == [0, 2]


@pytest.mark.parametrize(
    ("name", "told", "camera"),
    [
        ("x/0002_c1s1_000451_03.jpg", None, "c1"),
        ("x/-1_c6s3_000451_03.jpg", None, "c6"),
        ("x/0002_c012_f0051.jpg", None, "c012"),
        ("Back yard/0002_call.jpg", None, "Back yard"),
        ("x/0002_c1s1_000451_03.jpg", "gate", "gate"),
    ],
)
def test_camera_is_told_or_read_from_the_name(
    tmp_path: Path, name: str, told: str | None, camera: str
) -> None:
    assert find(photo(tmp_path / name), None, camera=told).sightings[0].record.camera == camera


def test_time_is_when_the_photo_was_taken_never_the_time_of_the_file(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2024:02:29 12:00:00"
    assert find(photo(tmp_path / "a.jpg", exif=exif), None).sightings[0].record.time == 1_709_208_000
    assert find(photo(tmp_path / "b.jpg"), None, start=5.0).sightings[0].record.time is None


def test_a_broken_photo_is_skipped_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no photo")
    unit = find(tmp_path / "a.jpg", Watcher())
    assert isinstance(unit, Skipped)
    assert unit.source == str(tmp_path / "a.jpg")
    assert "not an image" in unit.reason


def test_a_photo_that_is_gone_cannot_be_shown(tmp_path: Path) -> None:
    from textreid.errors import InputError

    record = find(photo(tmp_path / "a.png"), None).sightings[0].record
    (tmp_path / "a.png").unlink()
    with pytest.raises(InputError):
        load_frame(record)
