"""Data sets to Parquet and back: nothing is lost, and the images are in the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset, load_dataset
from PIL import Image

from tests.helpers.official_layouts import LAYOUTS
from textreid.data import datasets
from textreid.data.tools.parquet import features, read_parquet, read_splits, to_dataset_dict, write_parquet
from textreid.errors import InputError
from textreid.synthetic import write_cuhk_pedes, write_market1501


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_market1501(root, identities=6, images_per_identity=4, seed=0)
    write_cuhk_pedes(root, identities=10, images_per_identity=2, seed=0)
    return root


@pytest.mark.parametrize("name", ["market1501", "cuhk-pedes"])
def test_there_and_back(root: Path, tmp_path: Path, name: str) -> None:
    counts = write_parquet(name, root, tmp_path / "parquet")
    assert read_parquet(tmp_path / "parquet", tmp_path / "back") == counts
    for split, count in counts.items():
        before, after = datasets.load(name, root, split), datasets.load("folder", tmp_path / "back", split)
        assert len(before) == len(after) == count
        for one, other in zip(before, after, strict=True):
            assert one.image.read_bytes() == other.image.read_bytes()
            assert (one.person_id, one.camera_id, one.captions) == (
                other.person_id,
                other.camera_id,
                other.captions,
            )


def test_files_hold_the_images(root: Path, tmp_path: Path) -> None:
    write_parquet("market1501", root, tmp_path / "parquet")
    loaded = load_dataset(str(tmp_path / "parquet"), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].features == features()
    first = datasets.load("market1501", root, "train")[0]
    row = loaded["train"][0]
    assert row["id"] == first.id
    assert row["image"].size[0] < row["image"].size[1]
    with pytest.raises(KeyError):
        loaded["val"]


def test_dataset_dict_has_every_split(root: Path, tmp_path: Path) -> None:
    crops = read_splits("cuhk-pedes", root)
    found = to_dataset_dict(crops, tmp_path)
    assert {split: rows["id"][:] for split, rows in found.items()} == {
        split: [crop.id for crop in own] for split, own in crops.items()
    }


def test_trials_are_written_once(tmp_path: Path) -> None:
    LAYOUTS["viper"](tmp_path)
    counts = write_parquet("viper", tmp_path, tmp_path / "parquet")
    assert list(counts) == ["train", "query", "gallery"]
    read_parquet(tmp_path / "parquet", tmp_path / "back")
    images = list((tmp_path / "back").rglob("*.bmp"))
    assert len(images) == sum(counts.values()) == len(list(tmp_path.glob("VIPeR/*/*.bmp")))
    assert datasets.splits("folder", tmp_path / "back") == ("train", "query", "gallery")


def test_absolute_paths_and_unknown_people_come_back(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    Image.new("RGB", (4, 9)).save(tmp_path / "1.jpg")
    row = {"image": str(tmp_path / "1.jpg"), "person": None, "captions": ["a man in red"]} | {
        "caption_source": "machine"
    }
    (tmp_path / "own" / "people.jsonl").write_text(json.dumps(row))
    write_parquet("folder", tmp_path / "own", tmp_path / "parquet", image_folder=tmp_path)
    read_parquet(tmp_path / "parquet", tmp_path / "back")
    (crop,) = datasets.load("folder", tmp_path / "back", "train")
    assert crop.image.is_relative_to(tmp_path / "back" / "images" / "train")
    assert crop.person_id is None
    assert crop.caption_source == "machine"


def write_rows(folder: Path, *rows: dict[str, object]) -> None:
    empty = {
        "person": 1,
        "camera": None,
        "captions": [],
        "caption_source": "",
        "attributes": [],
        "time": None,
    }
    table = Dataset.from_list([empty | row for row in rows], features=features())
    folder.mkdir()
    table.to_parquet(folder / "train.parquet")


class TestRefusals:
    def test_missing_shard(self, root: Path, tmp_path: Path) -> None:
        write_parquet("market1501", root, tmp_path / "parquet")
        (tmp_path / "parquet" / "data" / "train-00000-of-00001.parquet").rename(
            tmp_path / "parquet" / "data" / "train-00000-of-00003.parquet"
        )
        with pytest.raises(InputError, match="1 of the 3 files of the split 'train'"):
            read_parquet(tmp_path / "parquet", tmp_path / "out")

    def test_ids_cannot_leave_the_folder(self, tmp_path: Path) -> None:
        write_rows(
            tmp_path / "rows", {"id": "../../..\\..\\C:\\evil.jpg", "image": {"bytes": b"1", "path": None}}
        )
        read_parquet(tmp_path / "rows", tmp_path / "out")
        assert (tmp_path / "out" / "images" / "train" / "evil.jpg").read_bytes() == b"1"

    def test_two_images_of_one_id(self, tmp_path: Path) -> None:
        row = {"id": "1.jpg", "image": {"bytes": b"1", "path": None}}
        write_rows(tmp_path / "rows", row, row)
        with pytest.raises(InputError, match=r"Two images of the split 'train' have the id '1\.jpg'"):
            read_parquet(tmp_path / "rows", tmp_path / "out")
        assert [path.name for path in tmp_path.iterdir()] == ["rows"]

    def test_no_image(self, tmp_path: Path) -> None:
        write_rows(tmp_path / "rows", {"id": "1.jpg", "image": None})
        with pytest.raises(InputError, match=r"'1\.jpg' of the split 'train' holds no image"):
            read_parquet(tmp_path / "rows", tmp_path / "out")

    def test_folder_that_exists(self, root: Path, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="exists already"):
            write_parquet("market1501", root, tmp_path)

    def test_missing_image_leaves_nothing(self, tmp_path: Path) -> None:
        write_market1501(tmp_path, identities=6, images_per_identity=4, seed=0)
        crop = datasets.load("market1501", tmp_path, "train")[0]
        crop.image.unlink()
        crop.image.symlink_to(tmp_path / "nowhere.jpg")
        with pytest.raises(InputError, match="Cannot read"):
            write_parquet("market1501", tmp_path, tmp_path / "out")
        assert not list(tmp_path.glob("out*"))

    def test_other_columns(self, tmp_path: Path) -> None:
        (tmp_path / "table").mkdir()
        Dataset.from_list([{"image": "1.jpg", "name": "anna"}]).to_parquet(
            tmp_path / "table" / "train.parquet"
        )
        with pytest.raises(InputError, match="lacks the columns attributes, camera"):
            read_parquet(tmp_path / "table", tmp_path / "out")

    def test_no_such_data(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="Cannot read the data set"):
            read_parquet(tmp_path / "nothing", tmp_path / "out")
