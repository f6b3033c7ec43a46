from __future__ import annotations

import json

import pytest

from textreid.data import datasets
from textreid.errors import InputError

ROW = {"split": "train", "id": 1, "file_path": "images/1.jpg", "captions": ["A long one.", "Another."]}


def test_paths_are_relative_to_the_folder_of_the_annotations(tmp_path):
    folder = tmp_path / "UFine6926"
    folder.mkdir()
    (folder / "whatever_it_is_called.json").write_text(json.dumps([ROW]))
    (crop,) = datasets.load("ufine6926", tmp_path, "train")
    assert crop.image == folder / "images" / "1.jpg"
    assert crop.captions == ("A long one.", "Another.")


def test_two_files_of_annotations_are_one_too_many(tmp_path):
    folder = tmp_path / "UFine6926"
    folder.mkdir()
    for name in ("a.json", "b.json"):
        (folder / name).write_text(json.dumps([ROW]))
    with pytest.raises(InputError, match=r"holds 'a\.json' and b\.json"):
        datasets.load("ufine6926", tmp_path, "train")
