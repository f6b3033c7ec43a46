"""The doctor finds each fault that was put in, and none where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from textreid.data import datasets
from textreid.data.doctor import examine
from textreid.data.parquet import read_splits
from textreid.data.synthetic import write_cuhk_pedes, write_market1501
from textreid.errors import AnnotationError, InputError


def picture(path: Path, size: tuple[int, int] = (40, 90)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise(size, 90).convert("RGB").save(path)


@pytest.fixture
def healthy(tmp_path: Path) -> Path:
    for split, people in (("train", "abcd"), ("query", "xy"), ("gallery", "xyz")):
        for person in people:
            cameras = {"query": (1,), "gallery": (2, 3)}.get(split, (1, 2, 3))
            for camera in cameras:
                picture(tmp_path / split / person / f"c{camera}_001.jpg")
    return tmp_path


def complaints(root: Path) -> list[str]:
    return [f"{finding.severity}: {finding.what}" for finding in examine(read_splits("folder", root))]


def test_healthy_folder(healthy: Path) -> None:
    assert complaints(healthy) == []


@pytest.mark.parametrize("name", ["market1501", "cuhk-pedes"])
def test_drawn_data_sets_are_healthy(tmp_path: Path, name: str) -> None:
    write_market1501(tmp_path, identities=8, images_per_identity=4, seed=0)
    write_cuhk_pedes(tmp_path, identities=20, images_per_identity=2, seed=0)
    assert [f for f in examine(read_splits(name, tmp_path)) if f.severity == "fatal"] == []


class TestFaults:
    def test_person_in_training_and_test(self, healthy: Path) -> None:
        picture(healthy / "train" / "x" / "c1_007.jpg")
        (only,) = complaints(healthy)[:1]
        assert only.startswith("fatal: 1 people are in 'train' and in 'query'")

    def test_frame_numbers_taken_for_cameras(self, tmp_path: Path) -> None:
        for number in range(30):
            picture(tmp_path / "train" / f"p{number % 3}" / f"{number:04}_x.jpg")
        assert any("frame or picture numbers" in f.remedy for f in examine(read_splits("folder", tmp_path)))

    def test_no_camera(self, tmp_path: Path) -> None:
        for person in "ab":
            for number in range(2):
                picture(tmp_path / "test" / person / f"{number}.jpg")
        found = complaints(tmp_path)
        assert any("name no camera" in line for line in found)
        assert any("R@1 would be 0" in line for line in found)

    def test_one_camera_a_person(self, healthy: Path) -> None:
        for person in "xy":
            for camera in (2, 3):
                (healthy / "gallery" / person / f"c{camera}_001.jpg").rename(
                    healthy / "gallery" / person / f"c1_00{camera}.jpg"
                )
        assert any("R@1 would be 0: no query has a right answer" in line for line in complaints(healthy))

    def test_names_differ_between_query_and_gallery(self, healthy: Path) -> None:
        (healthy / "query" / "x").rename(healthy / "query" / "X1")
        (healthy / "query" / "y").rename(healthy / "query" / "Y1")
        assert any("Nobody of 'query' is in 'gallery'" in line for line in complaints(healthy))

    def test_one_picture_two_people(self, healthy: Path) -> None:
        content = (healthy / "train" / "a" / "c1_001.jpg").read_bytes()
        (healthy / "train" / "b" / "c1_009.jpg").write_bytes(content)
        assert any("belong to two people at once" in line for line in complaints(healthy))

    def test_damaged_picture(self, healthy: Path) -> None:
        (healthy / "train" / "a" / "c1_001.jpg").write_bytes(b"\xff\xd8nothing")
        assert any("1 of 20 pictures cannot be read" in line for line in complaints(healthy))

    def test_full_pictures_instead_of_crops(self, tmp_path: Path) -> None:
        for person in "ab":
            for camera in (1, 2):
                picture(tmp_path / "train" / person / f"c{camera}_1.jpg", (200, 90))
        assert any("wider than high" in line for line in complaints(tmp_path))

    def test_captions_that_tell_nobody_apart(self, tmp_path: Path) -> None:
        rows = []
        for person in range(6):
            picture(tmp_path / f"{person}.jpg")
            rows.append({"image": f"{person}.jpg", "person": person, "captions": ["a man walking"]})
        (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, rows)))
        assert any("describe several people" in line for line in complaints(tmp_path))


class TestOwnFolder:
    def test_names_become_numbers_and_numbers_stay(self, tmp_path: Path) -> None:
        for person in ("7", "anna", "bob"):
            picture(tmp_path / "train" / person / "cam2_x.jpg")
        crops = datasets.load("folder", tmp_path, "train")
        assert [crop.person_id for crop in crops] == [7, 8, 9]
        assert {crop.camera_id for crop in crops} == {2}

    def test_table(self, tmp_path: Path) -> None:
        picture(tmp_path / "1.jpg")
        (tmp_path / "people.csv").write_text(
            "image,person,camera,captions,split,attributes.hair\n"
            "1.jpg,anna,gate,A woman in red. | Red coat.,val,long\n"
        )
        (crop,) = datasets.load("folder", tmp_path, "val")
        assert crop.captions == ("A woman in red.", "Red coat.")
        assert crop.attributes == {"hair": "long"}
        assert datasets.splits("folder", tmp_path) == ("val",)

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ({"image": "1.jpg"}, r"people\.jsonl, row 1, key 'person'"),
            ({"image": "2.jpg", "person": 1}, r"row 1, key 'image': there is no file"),
            ({"image": "1.jpg", "person": 1, "caption": "x"}, r"key 'caption': known keys are .*captions"),
            ({"image": "1.jpg", "person": 1, "split": "dev"}, r"key 'split'"),
            ({"image": "1.jpg", "person": 1, "captions": "a man"}, r"key 'captions': expected sentences"),
        ],
    )
    def test_bad_row_is_named(self, tmp_path: Path, row: dict[str, object], says: str) -> None:
        picture(tmp_path / "1.jpg")
        (tmp_path / "people.jsonl").write_text(json.dumps(row))
        with pytest.raises(AnnotationError, match=says):
            datasets.load("folder", tmp_path, "train")

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"PERSON/CAMERA_anything\.jpg"):
            datasets.load("folder", tmp_path, "train")
