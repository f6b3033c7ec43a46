from __future__ import annotations

from pathlib import Path

import pytest

from textreid.data import datasets
from textreid.errors import AnnotationError, InputError, UnknownNameError


def write(root: Path, place: str, *names: str) -> None:
    folder = root / "Market-1501-v15.09.15" / place
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_person_and_camera_come_from_the_name(tmp_path):
    write(tmp_path, "query", "0002_c1s1_000451_03.jpg", "1501_c6s4_001902_00.jpg")
    first, second = datasets.load("market1501", tmp_path, "query")
    assert (first.person_id, first.camera_id, second.person_id, second.camera_id) == (2, 1, 1501, 6)
    assert first.id == "query/0002_c1s1_000451_03.jpg"
    assert first.image == tmp_path / "Market-1501-v15.09.15" / first.id
    assert (first.split, first.captions) == ("query", ())


def test_junk_and_distractors_stay_for_the_protocol_to_judge(tmp_path):
    names = ("-1_c1s1_000401_03.jpg", "0000_c1s1_000151_01.jpg", "0001_c2s1_000301_00.jpg")
    write(tmp_path, "bounding_box_test", *names)
    assert [crop.person_id for crop in datasets.load("market1501", tmp_path, "gallery")] == [-1, 0, 1]


def test_boxes_drawn_by_hand_are_companions_where_they_are(tmp_path):
    write(tmp_path, "query", "0001_c1s1_001051_00.jpg")
    assert datasets.companions("market1501", tmp_path) == []
    write(tmp_path, "gt_bbox", "0001_c1s1_001051_00.jpg", "0001_c1s1_001076_00.jpg")
    for root in (tmp_path, tmp_path / "Market-1501-v15.09.15"):
        found = datasets.companions("market1501", root)
        assert [(crop.person_id, crop.camera_id) for crop in found] == [(1, 1), (1, 1)]
    assert found[0].id == "gt_bbox/0001_c1s1_001051_00.jpg"
    assert datasets.companions("viper", tmp_path) == []


def test_every_split_has_its_folder(tmp_path):
    for person, place in enumerate(("bounding_box_train", "query", "bounding_box_test"), start=1):
        write(tmp_path, place, f"{person:04}_c1s1_000001_00.jpg")
    persons = [
        datasets.load("market1501", tmp_path, split)[0].person_id for split in ("train", "query", "gallery")
    ]
    assert persons == [1, 2, 3]


def test_other_files_are_no_images(tmp_path):
    write(
        tmp_path, "query", "Thumbs.db", "readme.txt", "0002_c1s1_000451_03.jpg", "0003_c1s1_000451_03.jpg.jpg"
    )
    assert [crop.person_id for crop in datasets.load("market1501", tmp_path, "query")] == [2, 3]


def test_root_may_be_the_folder_itself(tmp_path):
    write(tmp_path, "query", "0002_c1s1_000451_03.jpg")
    inside = datasets.load("market1501", tmp_path / "Market-1501-v15.09.15", "query")
    assert inside == datasets.load("market1501", tmp_path, "query")


@pytest.mark.parametrize(
    "name", ["holiday.jpg", "0002_s1_000451_03.jpg", "0002_c1s1_000451.jpg", "-2_c1s1_0_0.jpg"]
)
def test_a_name_of_another_pattern_is_named(tmp_path, name):
    write(tmp_path, "query", "0002_c1s1_000451_03.jpg", name)
    with pytest.raises(AnnotationError, match=rf"{name}: expected a name such as"):
        datasets.load("market1501", tmp_path, "query")


def test_missing_and_empty_folders(tmp_path):
    with pytest.raises(InputError, match=r"expected 'query' in .*Request the data from the authors"):
        datasets.load("market1501", tmp_path, "query")
    write(tmp_path, "query")
    with pytest.raises(InputError, match=r"holds no \.jpg image"):
        datasets.load("market1501", tmp_path, "query")


def test_unknown_names_offer_the_nearest(tmp_path):
    with pytest.raises(UnknownNameError, match=r"'market-1501'\. Did you mean 'market1501'"):
        datasets.load("market-1501", tmp_path, "query")
    with pytest.raises(UnknownNameError, match=r"'galery'\. Did you mean 'gallery'"):
        datasets.load("market1501", tmp_path, "galery")


def test_names_and_splits():
    assert {"cuhk-pedes", "market1501"} <= set(datasets.names())
    assert datasets.splits("market1501") == ("train", "query", "gallery")
    assert datasets.splits("cuhk-pedes") == ("train", "val", "test")
