"""Full frames: people are where the annotations say, as large as their distance makes them."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from textreid.errors import InputError
from textreid.synthetic import (
    Camera,
    Frame,
    View,
    built_in_gallery,
    draw_tracklet,
    sample_pedestrians,
    write_frames,
)
from textreid.synthetic.shots.scene import Scene, Walk, place, record


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return list(built_in_gallery(8, cameras=2, identities=13, seed=6, size=(800, 480)))


def test_a_box_holds_what_the_person_changes_in_the_image() -> None:
    """Oracle: the difference between the scene with and without the person."""
    for number, person in enumerate(sample_pedestrians(4, seed=6)):
        scene = Scene.of(Camera.place(6, number + 1), 640, 480)
        placed = place(scene, Walk.sample(scene, person, np.random.default_rng(number)), 0.0)
        with_person, empty = (
            np.asarray(record(scene, people, np.random.default_rng(0)), np.float32)
            for people in ([placed], [])
        )
        changed = (np.abs(with_person - empty).max(2) > 40).astype(np.uint8)
        changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        x1, y1, x2, y2 = placed.box
        rows, cols = np.nonzero(changed)
        inside = (cols >= x1 - 3) & (cols <= x2 + 3) & (rows >= y1 - 3) & (rows <= y2 + 3)
        assert inside.mean() > 0.7  # the rest is the shadow on the floor
        assert inside[rows < y2 - 0.4 * (y2 - y1)].mean() > 0.97
        assert changed[int(y1) : int(y2), int(x1) : int(x2)].mean() > 0.2
        assert rows[inside].min() - y1 < 0.12 * (y2 - y1)
        assert y2 - rows[inside].max() < 0.12 * (y2 - y1)


def test_frames_hold_several_people_inside_their_edges(frames: list[Frame]) -> None:
    assert len(frames) == 8
    assert {f.camera for f in frames} == {"c1", "c2"}
    assert np.mean([len(f.people) for f in frames]) > 3.5
    for frame in frames:
        assert frame.image.size == (800, 480)
        assert frame.image.mode == "RGB"
        numbers = [one.person.number for one in frame.people]
        assert len(numbers) == len(set(numbers))
        for one in frame.people:
            x1, y1, x2, y2 = one.box
            assert 0 <= x1 < x2 <= 800
            assert 0 <= y1 < y2 <= 480
            assert y2 - y1 > 60
            assert one.caption.endswith(".")


def test_people_hide_each_other_little(frames: list[Frame]) -> None:
    covered = []
    for frame in frames:
        for k, one in enumerate(frame.people):
            hidden = np.zeros((480, 800), bool)
            for other in frame.people[k + 1 :]:
                x1, y1, x2, y2 = (int(v) for v in other.box)
                hidden[y1:y2, x1:x2] = True
            x1, y1, x2, y2 = (int(v) for v in one.box)
            covered.append(hidden[y1:y2, x1:x2].mean())
    assert np.mean(covered) < 0.12
    assert np.mean(np.array(covered) > 0.5) < 0.05


def test_nearer_people_are_larger(frames: list[Frame]) -> None:
    for camera in ("c1", "c2"):
        adults = [
            one.box
            for frame in frames
            if frame.camera == camera
            for one in frame.people
            if one.person.age != "child" and one.person.umbrella is None
        ]
        feet, tall = np.array([box[3] for box in adults]), np.array([box[3] - box[1] for box in adults])
        assert np.corrcoef(feet, tall)[0, 1] > 0.85


def test_time_runs_and_tracks_go_on(frames: list[Frame]) -> None:
    for camera in ("c1", "c2"):
        own = [f for f in frames if f.camera == camera]
        assert [f.number for f in own] == list(range(1, len(own) + 1))
        assert all(a.time < b.time for a, b in itertools.pairwise(own))
        first, second = own[0], own[1]
        assert second.time - first.time == pytest.approx(1.2)
        shared = {p.track: p for p in first.people}.keys() & {p.track: p for p in second.people}.keys()
        assert len(shared) >= 3
        for track in shared:
            before, after = (next(p for p in f.people if p.track == track) for f in (first, second))
            assert before.person == after.person
            moved = abs((before.box[0] + before.box[2]) - (after.box[0] + after.box[2])) / 2
            assert moved < 1.2 * (before.box[3] - before.box[1])
            if not before.view.walking:
                assert moved < 2
    tracks = {(f.camera, p.track): p.person.number for f in frames for p in f.people}
    assert len({track for _, track in tracks}) == len(tracks)


def test_people_come_before_several_cameras(frames: list[Frame]) -> None:
    seen: dict[int, set[str]] = {}
    for frame in frames:
        for one in frame.people:
            seen.setdefault(one.person.number, set()).add(frame.camera)
    assert sum(len(cameras) == 2 for cameras in seen.values()) >= 5


def test_written_frames_are_annotated_and_dated(tmp_path: Path) -> None:
    folder = write_frames(tmp_path, frames=3, cameras=1, identities=5, seed=2, size=(640, 480))
    content = json.loads((folder / "annotations.json").read_text())
    assert [row["file"] for row in content["frames"]] == [f"c1/{n:06d}.jpg" for n in (1, 2, 3)]
    for row in content["frames"]:
        with Image.open(folder / row["file"]) as image:
            assert image.size == (row["width"], row["height"]) == (640, 480)
            exif = image.getexif().get_ifd(0x8769)
        taken = datetime.strptime(exif[0x9003] + exif[0x9011], "%Y:%m:%d %H:%M:%S%z")
        assert taken.timestamp() == int(row["time"])
        assert taken.astimezone(UTC).year == 2024
        assert row["people"]
        for one in row["people"]:
            assert set(one) == {"id", "box", "track", "side", "caption"}
            assert content["identities"][str(one["id"])]["sex"] in ("female", "male")
    with pytest.raises(InputError, match="exists already"):
        write_frames(tmp_path, frames=1)


def test_frames_need_at_least_one_of_everything() -> None:
    with pytest.raises(InputError, match="cameras is 0"):
        list(built_in_gallery(4, cameras=0))


def test_a_tracklet_follows_one_walk() -> None:
    person = sample_pedestrians(1, seed=4)[0]
    crops = next(
        track
        for seed in range(20)
        if len(track := draw_tracklet(person, Camera.place(4, 2), seed, length=4, rate=4.0)) == 4
        and track[0].view.walking
        and track[0].view.side in ("left", "right")
    )
    assert [crop.offset for crop in crops] == [0, 0.25, 0.5, 0.75]
    sign = 1 if crops[0].view.side == "right" else -1
    middles = [sign * (crop.box[0] + crop.box[2]) / 2 for crop in crops]
    assert middles[0] < middles[1] < middles[2] < middles[3]
    assert len({crop.view.phase for crop in crops}) == 4
    for crop in crops:
        x1, y1, x2, y2 = crop.box
        assert x2 - x1 <= crop.image.width <= 1.4 * (x2 - x1) + 40
        assert y2 - y1 <= crop.image.height <= 1.2 * (y2 - y1) + 4


def test_a_walk_keeps_its_speed_on_the_ground() -> None:
    scene = Scene.of(Camera.place(4, 1), 640, 480)
    person = sample_pedestrians(1, seed=4)[0]
    walk = Walk(person, across=0.0, away=5.0, heading=90.0, speed=1.0, view=View(yaw=90.0))
    (x0, y0, _), (x1, y1, later) = walk.at(scene, 0.0), walk.at(scene, 1.0)
    assert y1 == pytest.approx(y0)
    assert (x1 - x0) / scene.tall(y0) * 1.75 == pytest.approx(1.0, rel=0.02)  # one metre to the right
    assert later.phase == pytest.approx(1 / 1.45)
