from __future__ import annotations

from collections import Counter

import pytest

from tests.helpers.official_layouts import write_cuhk01
from textreid.data import datasets


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_cuhk01(tmp_path_factory.mktemp("cuhk01")).parent


@pytest.mark.parametrize(("name", "tested"), [("cuhk01", 486), ("cuhk01-100", 100)])
def test_images_one_and_two_ask_three_and_four(root, name, tested):
    query, gallery = (datasets.load(name, root, split) for split in ("query_2", "gallery_2"))
    assert {crop.image.stem[-1] for crop in query} == {"1", "2"}
    assert {crop.image.stem[-1] for crop in gallery} == {"3", "4"}
    assert Counter(crop.person_id for crop in query) == Counter(crop.person_id for crop in gallery)
    assert len({crop.person_id for crop in query}) == tested


def test_the_person_is_the_first_four_digits(root):
    crop = datasets.load("cuhk01", root, "train")[0]
    assert crop.image.name.startswith(f"{crop.person_id:04}00")
