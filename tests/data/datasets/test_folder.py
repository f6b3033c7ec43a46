"""One's own images: who and which camera, from tables and from names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from textreid.data import datasets
from textreid.errors import AnnotationError, InputError


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 9)).save(path)


def table(root: Path, *rows: object) -> None:
    (root / "people.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    image(tmp_path / "1.jpg")
    image(tmp_path / "shots" / "2.jpg")
    return tmp_path


class TestNumbers:
    def test_names_become_numbers_and_numbers_stay(self, tmp_path: Path) -> None:
        for person in ("7", "anna", "bob"):
            image(tmp_path / "train" / person / "cam2_x.jpg")
        assert [crop.person_id for crop in datasets.load("folder", tmp_path, "train")] == [7, 8, 9]

    def test_leading_zeros_do_not_make_another_person(self, tmp_path: Path) -> None:
        image(tmp_path / "query" / "007" / "c1_x.jpg")
        image(tmp_path / "gallery" / "7" / "c2_x.jpg")
        found = [datasets.load("folder", tmp_path, split)[0].person_id for split in ("query", "gallery")]
        assert found == [7, 7]

    def test_beside_junk_a_name_is_not_the_number_of_distractors(self, root: Path) -> None:
        table(root, {"image": "1.jpg", "person": -1}, {"image": "shots/2.jpg", "person": "anna"})
        assert [crop.person_id for crop in datasets.load("folder", root, "train")] == [-1, 1]

    def test_a_name_has_one_number_in_all_splits(self, root: Path) -> None:
        table(
            root,
            {"image": "1.jpg", "person": "bob", "split": "query"},
            {"image": "shots/2.jpg", "person": "bob", "split": "gallery"},
        )
        (query,), (gallery,) = (datasets.load("folder", root, split) for split in ("query", "gallery"))
        assert query.person_id == gallery.person_id


class TestCameras:
    @pytest.mark.parametrize(
        ("name", "camera"),
        [
            ("3_x", 3),
            ("c3_x", 3),
            ("C03_x", 3),
            ("cam3_0001", 3),
            ("camera-3_0001", 3),
            ("c3", 3),
            ("0002_c3s1_000451_03", 3),
            ("0046_c3_f0046182", 3),
            ("gate_x", 47),
            ("gate-3_x", 47),
            ("north gate_x", 47),
            ("car_x", 47),
            ("0001", None),
            ("_x", None),
        ],
    )
    def test_camera_of_a_name(self, tmp_path: Path, name: str, camera: int | None) -> None:
        image(tmp_path / "2" / "46_x.jpg")
        image(tmp_path / "1" / f"{name}.jpg")
        assert datasets.load("folder", tmp_path, "train")[0].camera_id == camera

    def test_names_that_begin_like_a_camera_stay_apart(self, tmp_path: Path) -> None:
        for name in ("car_1.jpg", "ar_1.jpg"):
            image(tmp_path / "1" / name)
        assert len({crop.camera_id for crop in datasets.load("folder", tmp_path, "train")}) == 2

    def test_a_table_names_cameras_as_files_do(self, root: Path) -> None:
        image(root / "3.jpg")
        table(
            root,
            {"image": "1.jpg", "person": 1, "camera": "cam3"},
            {"image": "shots/2.jpg", "person": 1, "camera": 3},
            {"image": "3.jpg", "person": 1, "camera": "c3"},
        )
        assert {crop.camera_id for crop in datasets.load("folder", root, "train")} == {3}


class TestFolders:
    @pytest.mark.parametrize(
        "place",
        ["c1_x.jpg", "train/c1_x.jpg", "anna/c1/x.jpg", "Test/anna/c1_x.jpg", "test/anna/day/c1_x.jpg"],
    )
    def test_an_image_in_the_wrong_place_is_named(self, tmp_path: Path, place: str) -> None:
        image(tmp_path / "bob" / "c1_x.jpg")
        image(tmp_path / place)
        with pytest.raises(AnnotationError, match=rf"{place}: expected PERSON/CAMERA_anything\.jpg"):
            datasets.load("folder", tmp_path, "train")

    def test_linked_persons_count_and_hidden_files_do_not(self, tmp_path: Path) -> None:
        image(tmp_path / "elsewhere" / "c1_x.jpg")
        root = tmp_path / "root"
        image(root / "bob" / "c1_x.jpg")
        image(root / "bob" / "._c1_x.jpg")
        (root / "anna").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
        assert [crop.id for crop in datasets.load("folder", root, "train")] == [
            "anna/c1_x.jpg",
            "bob/c1_x.jpg",
        ]

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"PERSON/CAMERA_anything\.jpg"):
            datasets.load("folder", tmp_path, "train")


class TestTables:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
    def test_csv(self, root: Path, encoding: str) -> None:
        (root / "people.csv").write_text(
            "image,person,camera,captions,caption_source,split,attributes.hair\n"
            '1.jpg,anna,gate,"A woman, in red. | Red coat.",machine,val,long\n',
            encoding=encoding,
        )
        (crop,) = datasets.load("folder", root, "val")
        assert crop.captions == ("A woman, in red.", "Red coat.")
        assert crop.caption_source == "machine"
        assert crop.attributes == {"hair": "long"}
        assert datasets.splits("folder", root) == ("val",)

    def test_csv_with_a_bare_comma(self, root: Path) -> None:
        (root / "people.csv").write_text("image,person,captions\n1.jpg,anna,A woman, in red.\n")
        with pytest.raises(AnnotationError, match=r"row 2: more cells than columns, from ' in red\.'"):
            datasets.load("folder", root, "train")

    def test_csv_of_another_encoding(self, root: Path) -> None:
        (root / "people.csv").write_bytes("image,person\n1.jpg,Zoë\n".encode("latin-1"))
        with pytest.raises(InputError, match="Save it as UTF-8"):
            datasets.load("folder", root, "train")

    def test_paths_of_windows_and_paths_from_anywhere(self, root: Path) -> None:
        table(
            root,
            {"image": "shots\\2.jpg", "person": 1},
            {"image": str(root / "1.jpg"), "person": 2},
        )
        inside, absolute = datasets.load("folder", root, "train")
        assert inside.id == "shots/2.jpg"
        assert absolute.image == root / "1.jpg"

    def test_a_caption_may_hold_any_line_separator_of_unicode(self, root: Path) -> None:
        row = {"image": "1.jpg", "person": 1, "captions": ["a man\u2028in red\x85"]}
        (root / "people.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
        (crop,) = datasets.load("folder", root, "train")
        assert crop.captions == ("a man\u2028in red\x85",)

    def test_somebody_unknown_can_be_trained_on_but_not_measured(self, root: Path) -> None:
        table(root, {"image": "1.jpg", "person": None})
        assert datasets.load("folder", root, "train")[0].person_id is None
        table(root, {"image": "1.jpg", "person": None, "split": "test"})
        with pytest.raises(AnnotationError, match="key 'person'"):
            datasets.load("folder", root, "test")

    def test_two_rows_of_one_image(self, root: Path) -> None:
        table(root, {"image": "1.jpg", "person": 1}, {"image": "./1.jpg", "person": 2})
        with pytest.raises(AnnotationError, match=r"row 2, key 'image': '1\.jpg' is also in .*row 1"):
            datasets.load("folder", root, "train")

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ({"image": "1.jpg"}, r"people\.jsonl, row 1, key 'person': .* found nothing"),
            ({"image": "2.jpg", "person": 1}, r"row 1, key 'image': there is no file"),
            ({"image": 1, "person": 1}, r"key 'image': expected a path, found 1"),
            ({"image": "1.jpg", "person": 1.5}, r"key 'person': expected .*, found 1\.5"),
            ({"image": "1.jpg", "person": -2}, r"key 'person': expected -1 \(junk\) or more"),
            ({"image": "1.jpg", "person": 1, "camera": []}, r"key 'camera': expected"),
            ({"image": "1.jpg", "person": 1, "caption": "x"}, r"key 'caption': known keys are .*captions"),
            ({"image": "1.jpg", "person": 1, "split": "dev"}, r"key 'split'"),
            (
                {"image": "1.jpg", "person": 1, "captions": "a man"},
                r"key 'captions': expected a list of texts",
            ),
            ({"image": "1.jpg", "person": 1, "attributes": {"hair": None}}, r"key 'attributes'"),
            ([], r"row 1: expected an object"),
        ],
    )
    def test_bad_row_is_named(self, root: Path, row: object, says: str) -> None:
        table(root, row)
        with pytest.raises(AnnotationError, match=says):
            datasets.load("folder", root, "train")
