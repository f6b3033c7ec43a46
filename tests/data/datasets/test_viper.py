from __future__ import annotations

import hashlib

import pytest

from tests.helpers.official_layouts import write_viper
from textreid.data import datasets
from textreid.errors import InputError


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_viper(tmp_path_factory.mktemp("viper")).parent


def test_one_camera_asks_the_other(root):
    query, gallery = (datasets.load("viper", root, split) for split in ("query", "gallery"))
    assert {crop.camera_id for crop in query} == {1}
    assert {crop.camera_id for crop in gallery} == {2}
    assert [crop.person_id for crop in query] == [crop.person_id for crop in gallery]
    assert query[0].id.startswith("cam_a/")
    assert gallery[0].id.startswith("cam_b/")


def test_every_trial_tests_another_half(root):
    halves = [
        frozenset(crop.person_id for crop in datasets.load("viper", root, split))
        for split in datasets.splits("viper")
        if split.startswith("query")
    ]
    assert len(set(halves)) == 10
    assert {len(half) for half in halves} == {316}
    assert (
        set().union(*halves)
        == {crop.person_id for crop in datasets.load("viper", root, "train_2")} | halves[1]
    )


def test_a_trial_is_the_same_on_every_machine(root):
    tested = [crop.person_id for crop in datasets.load("viper", root, "query_3")]
    persons = {*range(46), *range(47, 633)}  # the fixture leaves 46 out, as the original leaves some out
    lots = sorted((hashlib.sha256(f"3 {person}".encode()).hexdigest(), person) for person in persons)
    assert tested == sorted(person for _, person in lots[:316])


def test_half_of_the_data_are_not_enough(tmp_path):
    for place in ("cam_a", "cam_b"):
        (tmp_path / "VIPeR" / place).mkdir(parents=True)
        (tmp_path / "VIPeR" / place / "001_0.bmp").touch()
    with pytest.raises(InputError, match="not whole"):
        datasets.load("viper", tmp_path, "train")
