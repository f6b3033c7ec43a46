"""The doctor finds each fault that was put in, and none where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.official_layouts import LAYOUTS
from textreid.data.tools.doctor import counts, examine
from textreid.data.tools.parquet import read_splits
from textreid.errors import AnnotationError
from textreid.synthetic import write_cuhk_pedes, write_market1501


def image(path: Path, size: tuple[int, int] = (40, 90)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise(size, 90).convert("RGB").save(path)


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    for split, people in (("train", "abcd"), ("query", "xy"), ("gallery", "xyz")):
        for person in people:
            cameras = {"query": (1,), "gallery": (2, 3)}.get(split, (1, 2, 3))
            for camera in cameras:
                image(tmp_path / split / person / f"c{camera}_001.jpg")
    return tmp_path


def complaints(root: Path) -> list[str]:
    return [f"{finding.severity}: {finding.what}" for finding in examine(read_splits("folder", root))]


def test_healthy_folder(healthy: Path) -> None:
    assert complaints(healthy) == []


@pytest.mark.parametrize("name", ["market1501", "cuhk-pedes"])
def test_drawn_data_sets_are_healthy(tmp_path: Path, name: str) -> None:
    write_market1501(tmp_path, identities=8, images_per_identity=4, seed=0)
    write_cuhk_pedes(tmp_path, identities=20, images_per_identity=2, seed=0)
    findings = examine(read_splits(name, tmp_path), name)
    assert {finding.severity for finding in findings} == {"warning"}
    assert all("instead of" in finding.what for finding in findings)


@pytest.mark.parametrize("name", LAYOUTS)
def test_official_splits_share_no_image_and_no_tested_person(tmp_path: Path, name: str) -> None:
    LAYOUTS[name](tmp_path)
    crops = read_splits(name, tmp_path)
    images = [crop.image for own in crops.values() for crop in own]
    assert len(set(images)) == len(images)
    assert not any("people are in" in f.what for f in examine(crops, name) if f.severity == "fatal")


def test_counts_leave_out_nobody(healthy: Path) -> None:
    for person in ("-1", "0"):
        image(healthy / "gallery" / person / "c1_1.jpg")
    assert counts(read_splits("folder", healthy))["gallery"] == {
        "images": 8,
        "people": 3,
        "junk": 1,
        "distractors": 1,
        "cameras": 3,
        "captions": 0,
    }


def test_progress_counts_every_image_once(healthy: Path) -> None:
    told: list[tuple[int, int]] = []
    examine(read_splits("folder", healthy), progress=lambda *now: told.append(now))
    assert told == [(number, 20) for number in range(1, 21)]


def test_a_broken_name_is_not_a_missing_split(tmp_path: Path) -> None:
    write_market1501(tmp_path, identities=6, images_per_identity=4, seed=0)
    image(tmp_path / "Market-1501-v15.09.15" / "query" / "thumbnail.jpg")
    with pytest.raises(AnnotationError, match="thumbnail"):
        read_splits("market1501", tmp_path)


def test_published_counts(tmp_path: Path) -> None:
    write_market1501(tmp_path, identities=6, images_per_identity=4, seed=0)
    crops = read_splits("market1501", tmp_path)
    queries, persons = len(crops["query"]), len({crop.person_id for crop in crops["query"]})
    assert any(
        f"{queries} queries instead of 3,368" in f.what and f"{persons} persons instead of 750" in f.what
        for f in examine(crops, "market1501")
    )
    missing = {split: own for split, own in crops.items() if split != "train"}
    assert any("'train' has 0 images instead of 12,936" in f.what for f in examine(missing, "market1501"))


class TestFaults:
    def test_person_in_training_and_test(self, healthy: Path) -> None:
        image(healthy / "train" / "x" / "c1_007.jpg")
        (only,) = complaints(healthy)[:1]
        assert only.startswith("fatal: 1 people are in 'train' and in 'query'")

    def test_person_in_training_and_validation(self, healthy: Path) -> None:
        image(healthy / "val" / "a" / "c1_1.jpg")
        image(healthy / "val" / "a" / "c2_1.jpg")
        assert any("warning: 1 people are in 'train' and in 'val'" in line for line in complaints(healthy))

    def test_training_needs_no_cameras(self, healthy: Path) -> None:
        image(healthy / "train" / "a" / "1.jpg")
        assert [line for line in complaints(healthy) if "name no camera" in line] == [
            "warning: 1 of 13 images of 'train' name no camera: they count as seen by another."
        ]

    def test_queries_for_person_0(self, healthy: Path) -> None:
        for split, camera in (("query", 1), ("gallery", 2)):
            image(healthy / split / "0" / f"c{camera}_1.jpg")
        assert any("Person 0 is in 'query'" in line for line in complaints(healthy))

    def test_frame_numbers_taken_for_cameras(self, tmp_path: Path) -> None:
        for number in range(30):
            image(tmp_path / "train" / f"p{number % 3}" / f"{number:04}_x.jpg")
        assert any("frame or image numbers" in f.remedy for f in examine(read_splits("folder", tmp_path)))

    def test_no_camera(self, tmp_path: Path) -> None:
        for person in "ab":
            for number in range(2):
                image(tmp_path / "test" / person / f"{number}.jpg")
        found = complaints(tmp_path)
        assert [line for line in found if line.startswith("fatal")] == [
            "fatal: 4 of 4 images of 'test' name no camera: they count as seen by another."
        ]

    def test_one_camera_a_person(self, healthy: Path) -> None:
        for person in "xy":
            for camera in (2, 3):
                (healthy / "gallery" / person / f"c{camera}_001.jpg").rename(
                    healthy / "gallery" / person / f"c1_00{camera}.jpg"
                )
        assert any("There is nothing to measure" in line for line in complaints(healthy))

    def test_names_differ_between_query_and_gallery(self, healthy: Path) -> None:
        (healthy / "query" / "x").rename(healthy / "query" / "X1")
        (healthy / "query" / "y").rename(healthy / "query" / "Y1")
        assert any("Nobody of 'query' is in 'gallery'" in line for line in complaints(healthy))

    def test_one_image_two_people(self, healthy: Path) -> None:
        content = (healthy / "train" / "a" / "c1_001.jpg").read_bytes()
        (healthy / "train" / "b" / "c1_009.jpg").write_bytes(content)
        assert any("belong to two people at once" in line for line in complaints(healthy))

    def test_junk_may_show_anybody(self, healthy: Path) -> None:
        content = (healthy / "gallery" / "x" / "c2_001.jpg").read_bytes()
        (healthy / "gallery" / "-1").mkdir()
        (healthy / "gallery" / "-1" / "c1_009.jpg").write_bytes(content)
        assert complaints(healthy) == []

    def test_a_copy_of_a_query_in_its_gallery(self, healthy: Path) -> None:
        """Saved anew, without loss: other bytes, the same pixels."""
        query, copy = healthy / "query" / "x" / "c1_001.jpg", healthy / "gallery" / "x" / "c2_copy.png"
        Image.open(query).save(copy)
        fatal = [line for line in complaints(healthy) if line.startswith("fatal")]
        assert fatal == [
            "fatal: 1 queries lie in their own gallery, as the same file or as a copy:"
            " query/x/c1_001.jpg = gallery/x/c2_copy.png."
        ]

    def test_an_image_twice_in_one_split(self, healthy: Path) -> None:
        own = healthy / "gallery" / "x"
        (own / "c2_002.jpg").write_bytes((own / "c2_001.jpg").read_bytes())
        (line,) = complaints(healthy)
        assert line.startswith("warning: 1 images occur more than once")

    def test_what_was_found_is_shown(self, healthy: Path) -> None:
        own = healthy / "gallery" / "x"
        (own / "c2_002.jpg").write_bytes((own / "c2_001.jpg").read_bytes())
        (finding,) = examine(read_splits("folder", healthy))
        assert finding.images == (own / "c2_001.jpg", own / "c2_002.jpg")

    def test_one_person_with_most_of_the_images(self, healthy: Path) -> None:
        for number in range(400):
            image(healthy / "train" / "a" / f"c1_9{number}.jpg", (2, 4))
        assert any("an epoch shows" in line and "within" in line for line in complaints(healthy))

    def test_captions_without_spaces_have_words(self, tmp_path: Path) -> None:
        rows = []
        captions = ("一个穿红色外套的女人", "ผู้หญิงสวมเสื้อสีแดง", "red coat")
        for person, caption in enumerate(captions):
            image(tmp_path / f"{person}.jpg")
            rows.append({"image": f"{person}.jpg", "person": person, "captions": [caption]})
        (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, rows)))
        assert [line for line in complaints(tmp_path) if "fewer than 3 words" in line] == [
            "warning: 1 captions of 'train' have fewer than 3 words: red coat."
        ]

    def test_empty_file(self, healthy: Path) -> None:
        (healthy / "train" / "a" / "c1_001.jpg").write_bytes(b"")
        assert any("1 of 20 images cannot be read" in line for line in complaints(healthy))

    def test_damaged_image(self, healthy: Path) -> None:
        (healthy / "train" / "a" / "c1_001.jpg").write_bytes(b"\xff\xd8nothing")
        assert any("1 of 20 images cannot be read" in line for line in complaints(healthy))

    def test_full_images_instead_of_crops(self, tmp_path: Path) -> None:
        for person in "ab":
            for camera in (1, 2):
                image(tmp_path / "train" / person / f"c{camera}_1.jpg", (200, 90))
        assert any("wider than high" in line for line in complaints(tmp_path))

    def test_captions_that_tell_nobody_apart(self, tmp_path: Path) -> None:
        rows = []
        for person in range(6):
            image(tmp_path / f"{person}.jpg")
            rows.append({"image": f"{person}.jpg", "person": person, "captions": ["a man walking"]})
        (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, rows)))
        assert any("describe several people" in line for line in complaints(tmp_path))
