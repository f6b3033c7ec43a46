"""Tables of images: whatever stands in one is read, or file, row and key are named; no neighbour is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.helpers.faults import hostile_annotations as hostile
from tests.helpers.faults.answers import answer_or_sentence
from textreid.data import datasets
from textreid.data.attributes.annotation_files import load_attributes
from textreid.data.tools.parquet import read_parquet, write_parquet
from textreid.data.tools.unpack_cuhk03 import unpack
from textreid.errors import AnnotationError, InputError

few = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
ROW = {"image": "a.png", "person": 1, "camera": 1, "captions": ["a man"], "split": "train"}
OFFICIAL = {"file_path": "a.png", "id": 1, "captions": ["a man"], "split": "train"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "CUHK-PEDES" / "imgs").mkdir(parents=True)
    for place in (folder, folder / "CUHK-PEDES" / "imgs"):
        Image.new("RGB", (8, 16), "red").save(place / "a.png")
    return folder


def write_rows(root: Path, *rows: dict[str, object]) -> None:
    (root / "people.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@few
@given(row=hostile.rows(ROW))
def test_whatever_stands_in_a_row_of_a_table(root: Path, row: dict[str, object]) -> None:
    (root / "people.jsonl").write_bytes(hostile.as_line(row))
    assert answer_or_sentence(lambda: datasets.load("folder", root, "train"))


@few
@given(content=hostile.lines() | hostile.csv_files(), name=st.sampled_from(["people.jsonl", "people.csv"]))
def test_whatever_stands_in_a_table(root: Path, content: bytes, name: str) -> None:
    for other in ("people.jsonl", "people.csv"):
        (root / other).unlink(missing_ok=True)
    (root / name).write_bytes(content)
    assert answer_or_sentence(lambda: datasets.load("folder", root, "train"))


@few
@given(content=hostile.rows(OFFICIAL).map(lambda row: hostile.as_line([row])) | hostile.lines())  # type: ignore[arg-type]
def test_whatever_stands_in_the_annotations_of_a_data_set(root: Path, content: bytes) -> None:
    (root / "CUHK-PEDES" / "reid_raw.json").write_bytes(content)
    assert answer_or_sentence(lambda: datasets.load("cuhk-pedes", root, "train"))


@few
@given(content=hostile.lines())
def test_whatever_stands_in_the_other_files_of_data_sets(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "data"
    for name in ("MSMT17_V1/list_train.txt", "cuhk03/splits_classic_labeled.json", "market_attribute.mat"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "cuhk03" / "images_labeled").mkdir(exist_ok=True)
    (folder / "cuhk03" / "images_labeled" / "1_001_1_01.png").touch()
    assert answer_or_sentence(lambda: datasets.load("msmt17", folder, "train"))
    assert answer_or_sentence(lambda: datasets.load("cuhk03-classic-labeled", folder, "train"))
    assert answer_or_sentence(lambda: load_attributes(folder / "market_attribute.mat"))


@pytest.mark.parametrize("name", datasets.names())
@pytest.mark.parametrize("spelled", ["~nobody-at-all/x", "a\0b", "x" * 300, "\ud800", ""])
def test_places_where_no_data_set_can_lie(name: str, spelled: str) -> None:
    with pytest.raises(InputError):
        datasets.load(name, spelled or "/dev/null", datasets.splits(name)[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"person": True}, r"row 1, key 'person': expected a whole number or a name.*found True"),
        ({"camera": False}, r"row 1, key 'camera': expected a whole number or a name, found False"),
        ({"person": 10**30}, r"row 1: not JSON: a whole number is larger than"),
        ({"person": float("nan")}, r"row 1: not JSON: 'NaN' stands where a number is expected"),
        ({"captions": ["a \ud800"]}, r"row 1: not JSON: an escape such as"),
        ({"image": "x" * 300}, r"row 1, key 'image': .* is too long for a file"),
        (
            {"image": "../a.png"},
            r"row 1, key 'image': '../a.png' does not lie below '.*'. Write a relative path",
        ),
        ({"image": "..\\a.png"}, r"row 1, key 'image': '../a.png' does not lie below"),
        ({"image": "/etc/passwd"}, r"row 1, key 'image': '/etc/passwd' does not lie below"),
    ],
)
def test_names_row_and_key(root: Path, change: dict[str, object], said: str) -> None:
    write_rows(root, ROW | change)
    with pytest.raises(AnnotationError, match=said):
        datasets.load("folder", root, "train")


class TestNothingElsewhereIsRead:
    def test_convert_names_what_lies_elsewhere_and_stops(self, root: Path, tmp_path: Path) -> None:
        write_rows(root, ROW, ROW | {"image": "/etc/passwd"})
        with pytest.raises(
            AnnotationError, match=r"people\.jsonl, row 2, key 'image': '/etc/passwd' does not lie"
        ):
            write_parquet("folder", root, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("absolute", [False, True])
    def test_a_folder_that_somebody_names_is_where_images_lie(
        self, root: Path, tmp_path: Path, absolute: bool
    ) -> None:
        table = tmp_path / "table"
        table.mkdir()
        write_rows(table, ROW | {"image": str(root / "a.png") if absolute else "a.png"})
        with pytest.raises(AnnotationError):
            datasets.load("folder", table, "train")
        (crop,) = datasets.load("folder", table, "train", root)
        assert crop.image == root / "a.png"
        assert write_parquet("folder", table, tmp_path / "out", image_folder=root) == {"train": 1}

    def test_links_in_the_folder_are_the_owners(self, root: Path, tmp_path: Path) -> None:
        Image.new("RGB", (8, 16)).save(tmp_path / "elsewhere.png")
        (root / "linked.png").symlink_to(tmp_path / "elsewhere.png")
        write_rows(root, ROW | {"image": "linked.png"})
        (crop,) = datasets.load("folder", root, "train")
        assert crop.image.read_bytes() == (tmp_path / "elsewhere.png").read_bytes()

    def test_only_a_table_of_ones_own_has_an_image_folder(self, root: Path) -> None:
        with pytest.raises(InputError, match="leave it out for market1501"):
            datasets.load("market1501", root, "train", root)

    def test_list_of_files_of_a_parquet_folder_is_not_followed(self, root: Path, tmp_path: Path) -> None:
        write_rows(root, ROW)
        write_parquet("folder", root, tmp_path / "there")
        write_parquet("folder", root, tmp_path / "here")
        files = f"{tmp_path}/there/data/train-00000-of-00001.parquet"
        (tmp_path / "here" / "README.md").write_text(
            f"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: test\n    path: {files}\n---\n"
        )
        assert read_parquet(tmp_path / "here", tmp_path / "out") == {"train": 1}


class TestParquet:
    @pytest.mark.parametrize("id", ["../../a.png", "/etc/a.png", "..", "x" * 300, "a\0b", "C:\\a.png"])
    def test_ids_stay_in_the_folder_or_are_refused(self, root: Path, tmp_path: Path, id: str) -> None:
        from datasets import Dataset

        from textreid.data.tools.parquet import features

        row = {"image": {"bytes": b"x", "path": None}, "id": id, "person": 1, "camera": 1, "captions": ["a"]}
        row |= {"caption_source": "", "attributes": [], "time": None}
        (tmp_path / "in").mkdir()
        Dataset.from_list([row], features=features()).to_parquet(tmp_path / "in" / "train.parquet")
        said = answer_or_sentence(lambda: read_parquet(tmp_path / "in", tmp_path / "out"))
        inside = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.png")} <= {"out", "mine"}
        assert inside
        assert said

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", None])
    def test_damaged_files(self, tmp_path: Path, content: bytes | None) -> None:
        (tmp_path / "in").mkdir()
        if content is not None:
            (tmp_path / "in" / "train.parquet").write_bytes(content)
        with pytest.raises(InputError):
            read_parquet(tmp_path / "in", tmp_path / "out")
        assert not (tmp_path / "out").exists()


class TestUnpacking:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        import h5py

        (tmp_path / "cuhk03" / "cuhk03_release").mkdir(parents=True)
        with h5py.File(tmp_path / "cuhk03" / "cuhk03_release" / "cuhk-03.mat", "w") as mat:
            mat["labeled"] = np.zeros((1, 1))
        return tmp_path / "cuhk03"

    def test_file_that_is_not_the_authors_leaves_nothing(self, folder: Path) -> None:
        before = sorted(path.name for path in folder.iterdir())
        with pytest.raises(InputError, match=r"cuhk-03\.mat' cannot be unpacked"):
            unpack(folder)
        assert sorted(path.name for path in folder.iterdir()) == before

    def test_what_was_unpacked_before_stays(self, folder: Path) -> None:
        (folder / "images_labeled").mkdir()
        (folder / "images_labeled" / "old.png").touch()
        (folder / "splits_classic_labeled.json").write_text("[]")
        with pytest.raises(InputError):
            unpack(folder)
        assert [path.name for path in (folder / "images_labeled").iterdir()] == ["old.png"]
        assert (folder / "splits_classic_labeled.json").read_text() == "[]"
