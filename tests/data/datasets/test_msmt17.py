from __future__ import annotations

import pytest

from tests.helpers.official_layouts import write_msmt17
from textreid.data import datasets
from textreid.errors import AnnotationError, InputError


def test_cameras_come_from_names_and_persons_from_lists(tmp_path):
    folder = write_msmt17(tmp_path)
    crops = datasets.load("msmt17", tmp_path, "train")
    assert [(crop.person_id, crop.camera_id) for crop in crops] == [(0, 1), (1, 2)]
    assert crops[1].id == "train/0001/0001_001_02_0303morning_train_0.jpg"
    assert crops[1].image == folder / crops[1].id


def test_test_persons_have_numbers_that_no_training_person_has(tmp_path):
    write_msmt17(tmp_path)
    assert [crop.person_id for crop in datasets.load("msmt17", tmp_path, "query")] == [1041, 1042]
    assert [crop.person_id for crop in datasets.load("msmt17", tmp_path, "gallery")] == [1041, 1042, 1041]


def test_train_and_val_are_the_same_persons_and_trainval_is_both(tmp_path):
    write_msmt17(tmp_path)
    train, val, both = (datasets.load("msmt17", tmp_path, split) for split in ("train", "val", "trainval"))
    assert [crop.id for crop in both] == [crop.id for crop in (*train, *val)]
    assert {crop.person_id for crop in val} <= {crop.person_id for crop in train}


def test_both_versions_are_read(tmp_path):
    old = write_msmt17(tmp_path / "old")
    new = write_msmt17(tmp_path / "new", "MSMT17_V2")
    for split in datasets.splits("msmt17"):
        first, second = (datasets.load("msmt17", folder.parent, split) for folder in (old, new))
        assert [crop.person_id for crop in first] == [crop.person_id for crop in second]
        assert all(crop.image.is_file() for crop in second)
    assert datasets.load("msmt17", new, "query") == datasets.load("msmt17", new.parent, "query")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "0000/0000_000_01_0303morning_0015_0.jpg",
        "0000/0000_000_01_0303morning_0015_0.jpg x",
        "0000/0000.jpg 0",
        "../0000_000_01_0303morning_0015_0.jpg 0",
        "/etc/0000_000_01_0303morning_0015_0.jpg 0",
    ],
)
def test_a_line_of_another_kind_is_named(tmp_path, line):
    path = write_msmt17(tmp_path) / "list_query.txt"
    path.write_text("0000/0000_000_01_0303morning_0015_0.jpg 0\n" + line + "\n")
    with pytest.raises(
        AnnotationError,
        match=r"list_query\.txt, row 1(: expected a line such as|, key 'path': .* does not lie below)",
    ):
        datasets.load("msmt17", tmp_path, "query")


def test_an_empty_and_a_missing_list(tmp_path):
    folder = write_msmt17(tmp_path)
    (folder / "list_query.txt").write_text("")
    (folder / "list_gallery.txt").unlink()
    with pytest.raises(InputError, match="names no image"):
        datasets.load("msmt17", tmp_path, "query")
    with pytest.raises(InputError, match="Cannot read"):
        datasets.load("msmt17", tmp_path, "gallery")
