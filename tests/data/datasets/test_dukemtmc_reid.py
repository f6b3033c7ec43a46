from __future__ import annotations

from tests.helpers.official_layouts import write_named
from textreid.data import datasets
from textreid.data.datasets import dukemtmc_reid
from textreid.evaluate.benchmark import Benchmark


def test_person_and_camera_come_from_the_name(tmp_path):
    write_named(tmp_path / "DukeMTMC-reID", query=["0001_c2_f0046182.jpg", "4999_c8_f0000001.jpg"])
    first, second = datasets.load("dukemtmc-reid", tmp_path, "query")
    assert (first.person_id, first.camera_id, first.split) == (1, 2, "query")
    assert (second.person_id, second.camera_id) == (4999, 8)
    assert first.id == "query/0001_c2_f0046182.jpg"


def test_people_whom_nobody_asks_for_stay_in_the_gallery(tmp_path):
    write_named(
        tmp_path / "DukeMTMC-reID",
        query=["0001_c2_f0046182.jpg"],
        bounding_box_test=["0001_c3_f0046182.jpg", "0700_c1_f0046182.jpg"],
    )
    benchmark = Benchmark.read("dukemtmc-reid", tmp_path)
    assert [crop.person_id for crop in benchmark.gallery] == [1, 700]
    assert benchmark.junk == 0


def test_its_withdrawal_is_said_where_it_is_read():
    assert "withdrawn by its authors" in (dukemtmc_reid.__doc__ or "")
    assert "withdrew" in dukemtmc_reid.LAYOUT.hint
