from __future__ import annotations

import pytest

from tests.helpers.official_layouts import write_named
from textreid.data import datasets
from textreid.errors import InputError


def test_boxes_are_chosen_by_name(tmp_path):
    write_named(tmp_path / "cuhk03-np" / "labeled", query=["0003_c1_1.png"])
    write_named(tmp_path / "cuhk03-np" / "detected", query=["1467_c2_10.png"])
    (labeled,) = datasets.load("cuhk03-np-labeled", tmp_path, "query")
    (detected,) = datasets.load("cuhk03-np-detected", tmp_path, "query")
    assert (labeled.id, detected.id) == ("labeled/query/0003_c1_1.png", "detected/query/1467_c2_10.png")
    assert (labeled.person_id, labeled.camera_id) == (3, 1)
    assert (detected.person_id, detected.camera_id) == (1467, 2)


def test_only_the_boxes_that_are_there_can_be_read(tmp_path):
    write_named(tmp_path / "cuhk03-np" / "labeled", query=["0003_c1_1.png"])
    with pytest.raises(InputError, match=r"No cuhk03-np data .* expected 'detected/query'"):
        datasets.load("cuhk03-np-detected", tmp_path, "query")
    with pytest.raises(InputError, match=r"expected 'labeled/bounding_box_train'"):
        datasets.load("cuhk03-np-labeled", tmp_path, "train")
