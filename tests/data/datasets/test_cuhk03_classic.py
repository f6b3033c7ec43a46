from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tests.helpers.official_layouts import write_cuhk03
from textreid.cli import application
from textreid.data import datasets
from textreid.data.tools.unpack_cuhk03 import unpack
from textreid.errors import InputError

PERSONS = [(1, 1), (1, 2), (2, 1)]


def test_the_authors_test_sets_say_who_is_tested(tmp_path):
    write_cuhk03(tmp_path, "labeled", PERSONS, tested=1)
    tested = [datasets.load("cuhk03-classic-labeled", tmp_path, f"query{part}") for part in ("", "_2", "_3")]
    assert [[crop.person_id for crop in crops] for crops in tested] == [[1001], [1002], [2001]]
    train = datasets.load("cuhk03-classic-labeled", tmp_path, "train_2")
    assert {crop.person_id for crop in train} == {1001, 2001}


def test_one_view_asks_the_other(tmp_path):
    write_cuhk03(tmp_path, "detected", PERSONS, tested=2)
    query, gallery = (
        datasets.load("cuhk03-classic-detected", tmp_path, split) for split in ("query", "gallery")
    )
    assert [crop.id for crop in query] == ["images_detected/1_001_1_05.png", "images_detected/1_002_1_05.png"]
    assert [crop.id for crop in gallery] == [
        "images_detected/1_001_2_10.png",
        "images_detected/1_002_2_10.png",
    ]


def test_windows_paths_in_the_test_sets_are_understood(tmp_path):
    folder = write_cuhk03(tmp_path, "labeled", PERSONS, tested=1)
    (folder / "splits_classic_labeled.json").write_text(
        json.dumps([{"query": [["C:\\data\\2_001_1_05.png", 0, 0]]}])
    )
    assert [crop.person_id for crop in datasets.load("cuhk03-classic-labeled", tmp_path, "query")] == [2001]


@pytest.mark.parametrize("text", ["[]", "{", "[{}]", '[{"query": [0]}]'])
def test_test_sets_that_cannot_be_read_say_how_to_make_them(tmp_path, text):
    folder = write_cuhk03(tmp_path, "labeled", PERSONS, tested=1)
    (folder / "splits_classic_labeled.json").write_text(text)
    with pytest.raises(InputError, match=r"Cannot read test set 1 .*textreid unpack"):
        datasets.load("cuhk03-classic-labeled", tmp_path, "query")


def grey_image(shade: int) -> np.ndarray:
    """[6, 4, 3] uint8, marked in its top left corner to show a turned image."""
    pixels = np.full((6, 4, 3), shade, dtype=np.uint8)
    pixels[0, 0] = (255, 0, 0)
    return pixels


def write_mat(folder, boxes=("labeled", "detected")):
    """The authors' file, cells and references and MATLAB's order of axes: person (1, 2) lacks an image."""
    release = folder / "cuhk03_release"
    release.mkdir(parents=True)
    with h5py.File(release / "cuhk-03.mat", "w") as mat:
        number = iter(range(10_000))

        def cell(array):
            return mat.create_dataset(f"refs/{next(number)}", data=array).ref

        for kind in boxes:
            pairs = []
            for pair, persons in ((1, 2), (2, 1)):
                rows = np.empty((10, persons), dtype=h5py.ref_dtype)
                for person in range(persons):
                    for image in range(10):
                        missing = (pair, person, image) == (1, 1, 4)
                        pixels = grey_image(20 * pair + 10 * person + image)
                        rows[image, person] = cell(np.zeros(2, np.uint64) if missing else pixels.T)
                pairs.append(cell(rows))
            mat.create_dataset(kind, data=np.array([pairs], dtype=h5py.ref_dtype))
        tests = [cell(np.array([[1, 2], [2, 1]], dtype=float)), cell(np.array([[1], [1]], dtype=float))]
        mat.create_dataset("testsets", data=np.array([tests], dtype=h5py.ref_dtype))


def test_the_authors_file_is_unpacked(tmp_path):
    write_mat(tmp_path / "cuhk03")
    unpack(tmp_path / "cuhk03")
    query = datasets.load("cuhk03-classic-labeled", tmp_path, "query")
    gallery = datasets.load("cuhk03-classic-detected", tmp_path, "gallery_2")
    train = datasets.load("cuhk03-classic-labeled", tmp_path, "train")
    assert [crop.person_id for crop in query] == [1002] * 4 + [2001] * 5
    assert [crop.image.name for crop in gallery] == [f"1_001_2_{number:02}.png" for number in range(6, 11)]
    assert {crop.person_id for crop in train} == {1001}
    shot = np.asarray(Image.open(query[-1].image))
    assert np.array_equal(shot, grey_image(20 * 2 + 4))


def test_the_train_rows_are_as_torchreid_writes_them(tmp_path):
    write_mat(tmp_path)
    unpack(tmp_path)
    first = json.loads((tmp_path / "splits_classic_labeled.json").read_text())[0]
    assert first["train"] == [[f"1_001_{1 + (n > 5)}_{n:02}.png", 0, int(n > 5)] for n in range(1, 11)]
    assert first["query"] == first["gallery"]
    assert {row[1] for row in first["query"]} == {0, 1}


def test_there_is_a_verb_for_it(tmp_path):
    write_mat(tmp_path)
    done = CliRunner().invoke(application(), ["unpack", str(tmp_path)])
    assert done.output == f"{tmp_path}\n"
    assert datasets.load("cuhk03-classic-labeled", tmp_path, "query")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no '.*cuhk-03\.mat'"):
        unpack(tmp_path)
