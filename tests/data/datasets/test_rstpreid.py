from __future__ import annotations

import pytest

from tests.helpers.official_layouts import write_captioned
from textreid.data import datasets
from textreid.errors import AnnotationError


def test_the_path_stands_under_img_path(tmp_path):
    rows = [(0, "train", ["A man.", "He walks."]), (1, "val", ["A woman."]), (2, "test", ["A boy."])]
    folder = write_captioned(tmp_path / "RSTPReid", "data_captions.json", rows, "img_path")
    (crop,) = datasets.load("rstpreid", tmp_path, "train")
    assert (crop.id, crop.person_id, crop.captions) == ("cam_a/0000.png", 0, ("A man.", "He walks."))
    assert crop.image == folder / "imgs" / "cam_a" / "0000.png"
    assert [datasets.load("rstpreid", tmp_path, split)[0].person_id for split in ("val", "test")] == [1, 2]


def test_a_doubled_path_is_named_by_its_key(tmp_path):
    folder = write_captioned(
        tmp_path / "RSTPReid", "data_captions.json", [(0, "train", ["A man."])], "img_path"
    )
    row = '{"id": 0, "split": "train", "captions": ["A man."], "img_path": "a.jpg"}'
    (folder / "data_captions.json").write_text(f"[{row}, {row}]")
    with pytest.raises(AnnotationError, match=r"row 1, key 'img_path': 'a\.jpg' is also row 0"):
        datasets.load("rstpreid", tmp_path, "train")
