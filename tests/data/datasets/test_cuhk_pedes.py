from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from textreid.data import datasets
from textreid.data.datasets import cuhk_pedes
from textreid.errors import AnnotationError, InputError, UnknownNameError

GOOD: dict[str, Any] = {
    "split": "train",
    "captions": ["A man in a red coat.", "Red coat, black bag."],
    "file_path": "CUHK01/0001001.png",
    "processed_tokens": [["a", "man"], ["red"]],
    "id": 1,
}


def write(root: Path, rows: Any) -> Path:
    path = root / "CUHK-PEDES" / "reid_raw.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows))
    return path


def test_a_row_becomes_a_crop(tmp_path):
    write(tmp_path, [GOOD])
    (crop,) = datasets.load("cuhk-pedes", tmp_path, "train")
    assert crop.id == "CUHK01/0001001.png"
    assert crop.image == tmp_path / "CUHK-PEDES" / "imgs" / "CUHK01" / "0001001.png"
    assert crop.captions == ("A man in a red coat.", "Red coat, black bag.")
    assert (crop.person_id, crop.camera_id, crop.split) == (1, None, "train")


def test_the_module_loads_as_it_did_in_version_0_1_0_and_says_how_today(tmp_path, capsys):
    write(tmp_path, [GOOD])
    assert cuhk_pedes.load(tmp_path, "train") == datasets.load("cuhk-pedes", tmp_path, "train")
    assert 'is now textreid.data.datasets.load("cuhk-pedes", root, split)' in capsys.readouterr().err


def test_a_row_may_say_who_wrote_its_captions(tmp_path):
    write(tmp_path, [GOOD, {**GOOD, "file_path": "b.png", "caption_source": "machine"}])
    crops = datasets.load("cuhk-pedes", tmp_path, "train")
    assert [crop.caption_source for crop in crops] == ["", "machine"]


def test_splits_keep_file_order(tmp_path):
    rows = [
        {**GOOD, "file_path": "b.png"},
        {**GOOD, "file_path": "v.png", "split": "val", "id": 2},
        {**GOOD, "file_path": "a.png"},
    ]
    write(tmp_path, rows)
    assert [crop.id for crop in datasets.load("cuhk-pedes", tmp_path, "train")] == ["b.png", "a.png"]
    assert [crop.id for crop in datasets.load("cuhk-pedes", tmp_path, "val")] == ["v.png"]


def test_root_may_be_the_folder_itself(tmp_path):
    write(tmp_path, [GOOD])
    inside = datasets.load("cuhk-pedes", tmp_path / "CUHK-PEDES", "train")
    assert inside == datasets.load("cuhk-pedes", tmp_path, "train")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"file_path": None}, "file_path"),
        ({"file_path": 7}, "file_path"),
        ({"file_path": ""}, "file_path"),
        ({"file_path": "/etc/passwd"}, "file_path"),
        ({"file_path": "../../secret.png"}, "file_path"),
        ({"id": "12"}, "id"),
        ({"id": None}, "id"),
        ({"id": True}, "id"),
        ({"id": 1.5}, "id"),
        ({"id": -1}, "id"),
        ({"split": "dev"}, "split"),
        ({"split": None}, "split"),
        ({"split": ["train"]}, "split"),
        ({"captions": "one caption"}, "captions"),
        ({"captions": []}, "captions"),
        ({"captions": ["fine", ""]}, "captions"),
        ({"captions": ["fine", 3]}, "captions"),
        ({"captions": None}, "captions"),
        ({"caption_source": 3}, "caption_source"),
    ],
)
def test_a_bad_value_is_named_by_file_row_and_key(tmp_path, change, key):
    path = write(tmp_path, [{**GOOD, "file_path": "other.png"}, {**GOOD, **change}])
    with pytest.raises(AnnotationError) as caught:
        datasets.load("cuhk-pedes", tmp_path, "train")
    assert str(caught.value).startswith(f"{path}, row 1, key '{key}'")


@pytest.mark.parametrize("key", ["file_path", "id", "split", "captions"])
def test_a_missing_key_is_named(tmp_path, key):
    write(tmp_path, [{name: value for name, value in GOOD.items() if name != key}])
    with pytest.raises(AnnotationError, match=rf"row 0, key '{key}'.*found 'nothing'"):
        datasets.load("cuhk-pedes", tmp_path, "train")


@pytest.mark.parametrize("row", [3, None, "text", ["list"]])
def test_a_row_that_is_no_object(tmp_path, row):
    write(tmp_path, [GOOD, row])
    with pytest.raises(AnnotationError, match=r"reid_raw\.json, row 1: expected an object"):
        datasets.load("cuhk-pedes", tmp_path, "train")


def test_the_same_image_twice(tmp_path):
    write(tmp_path, [GOOD, {**GOOD, "file_path": "other.png"}, GOOD])
    with pytest.raises(AnnotationError, match=r"row 2, key 'file_path'.*also row 0"):
        datasets.load("cuhk-pedes", tmp_path, "train")


def test_one_person_in_two_splits(tmp_path):
    write(tmp_path, [GOOD, {**GOOD, "file_path": "other.png", "split": "test"}])
    with pytest.raises(
        AnnotationError, match=r"row 1, key 'id': identity 1 is in split 'test' and in 'train'"
    ):
        datasets.load("cuhk-pedes", tmp_path, "train")


@pytest.mark.parametrize(
    ("text", "message"), [("[{", "Cannot read"), ("{}", "list of rows"), ("", "Cannot read")]
)
def test_a_file_that_is_no_list_of_rows(tmp_path, text, message):
    write(tmp_path, text)
    with pytest.raises(InputError, match=message):
        datasets.load("cuhk-pedes", tmp_path, "train")


def test_an_empty_split_and_an_unknown_one(tmp_path):
    write(tmp_path, [GOOD])
    with pytest.raises(InputError, match=r"no rows of split 'test'"):
        datasets.load("cuhk-pedes", tmp_path, "test")
    with pytest.raises(UnknownNameError, match=r"'vall'\. Did you mean 'val'"):
        datasets.load("cuhk-pedes", tmp_path, "vall")


def test_missing_data_says_what_was_expected_and_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"expected 'reid_raw\.json'.*Request the data from the authors"):
        datasets.load("cuhk-pedes", tmp_path, "test")
