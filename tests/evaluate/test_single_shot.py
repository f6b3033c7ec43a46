"""The data sets whose gallery is one image of each person, from benchmark to number."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.official_layouts import CLOTHES
from tests.helpers.toy import ToyEncoder, draw_person
from textreid.evaluate import evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.types import PersonCrop


def crop(folder: Path, person: int, camera: int, clothes: tuple[str, str], number: int = 0) -> PersonCrop:
    path = folder / f"{person}_{camera}_{number}.png"
    draw_person(*clothes).save(path)
    return PersonCrop(path.name, path, person, camera)


def test_a_right_image_is_found_as_often_as_it_is_drawn(tmp_path):
    """Person 1's right image is one of four; the others lose to person 2, who shares a colour with 1."""
    queries = [crop(tmp_path, person, 1, CLOTHES[person]) for person in (1, 2)]
    gallery = [crop(tmp_path, 1, 2, CLOTHES[1 if number == 0 else 3], number) for number in range(4)]
    gallery.append(crop(tmp_path, 2, 2, (CLOTHES[1][0], CLOTHES[2][1])))
    benchmark = Benchmark("cuhk01", "test", tuple(gallery), tuple(queries), single_shot=True)
    result = evaluate(ToyEncoder(), benchmark).directions["image_to_image"]
    assert result.gallery == 2  # persons, not images
    assert result.percent["R5"] == 100
    assert result.percent["R1"] == pytest.approx((100 + 100 / 4) / 2, abs=8)


def test_counts_of_a_single_shot_gallery_know_no_junk(tmp_path):
    """Person 0 of VIPeR is a person, where Market-1501's is a distractor."""
    queries, gallery = (crop(tmp_path, 0, camera, CLOTHES[1]) for camera in (1, 2))
    benchmark = Benchmark("viper", "test", (gallery,), (queries,), single_shot=True)
    assert benchmark.counts == {"queries": 1, "gallery": 1, "persons": 1}
    assert evaluate(ToyEncoder(), benchmark).directions["image_to_image"].percent["R1"] == 100


@pytest.mark.parametrize("split", ["test", "test_7"])
def test_every_trial_is_compared_with_the_same_published_counts(split):
    differences = Benchmark(
        "viper", split, (), (PersonCrop("a", Path("a"), 1, 1),), single_shot=True
    ).differences
    assert differences == [
        "1 queries instead of 316",
        "0 gallery instead of 316",
        "1 persons instead of 316",
    ]
