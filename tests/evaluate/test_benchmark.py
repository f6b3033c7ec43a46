from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.official_layouts import write_market1501, write_named
from textreid.errors import InputError, UnknownNameError
from textreid.evaluate.benchmark import Benchmark
from textreid.types import PersonCrop


def crops(
    number: int, persons: int, *, first: int = 1, captions: tuple[str, ...] = ()
) -> tuple[PersonCrop, ...]:
    return tuple(
        PersonCrop(str(n), Path(f"{n}.jpg"), person_id=first + n % persons, camera_id=1, captions=captions)
        for n in range(number)
    )


def official_cuhk_pedes_test(images: int) -> Benchmark:
    """3,074 images, all but eight with two captions, 6,156 captions in all."""
    two = crops(images - 8, 1_000, captions=("a", "b"))
    return Benchmark("cuhk-pedes", "test", two + crops(8, 8, captions=("a", "b", "c")))


def official_market1501(gallery: int) -> Benchmark:
    distractors = crops(2_798, 1, first=0)
    people = crops(gallery - len(distractors), 750)
    return Benchmark("market1501", "test", people + distractors, crops(3_368, 750), junk=3_819)


def test_the_published_counts_differ_in_nothing():
    market, cuhk_pedes = official_market1501(15_913), official_cuhk_pedes_test(3_074)
    assert market.counts == {
        "queries": 3_368,
        "gallery": 15_913,
        "persons": 750,
        "distractors": 2_798,
        "junk": 3_819,
    }
    assert cuhk_pedes.counts == {"images": 3_074, "captions": 6_156, "persons": 1_000}
    assert market.differences == cuhk_pedes.differences == []


def test_companions_are_of_the_queries_views_and_no_query_is_one(tmp_path):
    """Of another person, of another camera, and the query itself under its own name: none of them joins."""
    folder = write_market1501(tmp_path, ["0001_c1"], ["0001_c2"])
    own = next((folder / "query").iterdir()).name
    (folder / "gt_bbox").mkdir()
    for name in (own, "0001_c1s1_000777_00.jpg", "0001_c2s1_000777_00.jpg", "0002_c1s1_000777_00.jpg"):
        (folder / "gt_bbox" / name).touch()
    benchmark = Benchmark.read("market1501", tmp_path)
    assert [crop.id for crop in benchmark.companions] == ["gt_bbox/0001_c1s1_000777_00.jpg"]
    assert benchmark.counts["companions"] == 1


@pytest.mark.parametrize(
    ("benchmark", "differences"),
    [
        (official_market1501(19_732), ["19,732 gallery instead of 15,913"]),
        (
            official_cuhk_pedes_test(3_073),
            ["3,073 images instead of 3,074", "6,154 captions instead of 6,156"],
        ),
        (Benchmark("my-own", "test", crops(3, 1)), None),
    ],
)
def test_other_counts_are_said(benchmark, differences):
    assert benchmark.differences == differences


def with_training(root: Path, *names: str) -> Benchmark:
    """Persons 1 and 2 in query and gallery, and these training images."""
    folder = write_market1501(root, ["0001_c1", "0002_c2"], ["-1_c3", "0000_c1", "0001_c2", "0002_c1"])
    write_named(folder, bounding_box_train=[f"{name}s1_000000_00.jpg" for name in names])
    return Benchmark.read("market1501", root)


def test_another_split_joins_the_gallery_as_nobody(tmp_path):
    plain = with_training(tmp_path, "0003_c1", "0003_c2", "0004_c1")
    joined = plain.with_distractors("train")
    assert joined.queries == plain.queries
    assert joined.gallery[: len(plain.gallery)] == plain.gallery
    more = joined.gallery[len(plain.gallery) :]
    assert [(crop.id, crop.person_id) for crop in more] == [
        ("bounding_box_train/0003_c1s1_000000_00.jpg", 0),
        ("bounding_box_train/0003_c2s1_000000_00.jpg", 0),
        ("bounding_box_train/0004_c1s1_000000_00.jpg", 0),
    ]
    assert joined.counts == plain.counts | {"gallery": 6, "distractors": 4}
    assert "6 gallery instead of 15,913" in joined.differences


def test_distractors_are_others_than_those_asked_for(tmp_path):
    plain = with_training(tmp_path, "0002_c5", "0004_c1")
    with pytest.raises(InputError, match="1 persons of the split 'train' are in the gallery"):
        plain.with_distractors("train")
    with pytest.raises(UnknownNameError, match="Did you mean 'train'"):
        plain.with_distractors("trian")


def test_only_a_gallery_that_query_images_search_takes_distractors():
    with pytest.raises(InputError, match="leave --distractors out"):
        official_cuhk_pedes_test(3_074).with_distractors("train")
