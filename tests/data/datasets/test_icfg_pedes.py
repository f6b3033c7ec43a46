from __future__ import annotations

from tests.helpers.official_layouts import write_captioned
from textreid.data import datasets


def test_person_zero_is_a_person_and_there_is_no_val_split(tmp_path):
    folder = write_captioned(
        tmp_path / "ICFG-PEDES", "ICFG-PEDES.json", [(0, "train", ["A man."]), (1, "test", ["A woman."])]
    )
    (crop,) = datasets.load("icfg-pedes", tmp_path, "train")
    assert (crop.person_id, crop.camera_id, crop.captions) == (0, None, ("A man.",))
    assert crop.image == folder / "imgs" / "cam_a" / "0000.png"
    assert datasets.splits("icfg-pedes") == ("train", "test")
