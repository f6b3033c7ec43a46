"""CUB-200-2011: its tables, and what is wrong with one."""

from __future__ import annotations

import pytest

from tests.helpers.official_layouts import write_cub200
from textreid.data import datasets
from textreid.errors import AnnotationError, InputError


def test_the_published_counts() -> None:
    counts = datasets.published_counts("cub200")
    assert counts["train"] == {"images": 5_994, "persons": 200}
    assert counts["test"] == {"queries": 5_794, "gallery": 5_794, "persons": 200}
    assert counts["train"]["images"] + counts["test"]["gallery"] == 11_788


def test_a_row_says_path_species_and_split(tmp_path) -> None:
    folder = write_cub200(tmp_path)
    train, test = (datasets.load("cub200", tmp_path, split) for split in ("train", "test"))
    assert [(crop.id, crop.person_id) for crop in train][:3] == [
        ("001.Bird/Bird_0001.jpg", 1),
        ("001.Bird/Bird_0002.jpg", 1),
        ("002.Bird/Bird_0005.jpg", 2),
    ]
    assert test[0].image == folder / "images" / "001.Bird" / "Bird_0003.jpg"
    assert test[0].camera_id is None


@pytest.mark.parametrize(
    ("table", "text", "error", "message"),
    [
        ("images.txt", "1 ../secret.jpg\n", AnnotationError, "images.txt, row 0"),
        ("images.txt", "one 001.Bird/a.jpg\n", AnnotationError, "images.txt, row 0: expected a number"),
        ("train_test_split.txt", "1 maybe\n", AnnotationError, "does not say 0 or 1 of image 1"),
        ("train_test_split.txt", "".join(f"{n} 0\n" for n in range(1, 13)), InputError, "'train'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, table, text, error, message) -> None:
    (write_cub200(tmp_path) / table).write_text(text)
    with pytest.raises(error, match=message):
        datasets.load("cub200", tmp_path, "train")


def test_a_missing_table_is_named(tmp_path) -> None:
    (write_cub200(tmp_path) / "train_test_split.txt").unlink()
    with pytest.raises(InputError, match="train_test_split"):
        datasets.load("cub200", tmp_path, "train")
