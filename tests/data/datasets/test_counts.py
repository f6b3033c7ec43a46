"""The published numbers, as the papers and the field's other readers print them."""

from __future__ import annotations

import pytest

from textreid.data import datasets


@pytest.mark.parametrize(
    ("name", "split", "images", "captions", "persons"),
    [
        ("cuhk-pedes", "train", 34_054, 68_126, 11_003),
        ("cuhk-pedes", "val", 3_078, 6_158, 1_000),
        ("cuhk-pedes", "test", 3_074, 6_156, 1_000),
        ("icfg-pedes", "train", 34_674, 34_674, 3_102),
        ("icfg-pedes", "test", 19_848, 19_848, 1_000),
        ("rstpreid", "train", 5 * 3_701, 2 * 5 * 3_701, 3_701),
        ("rstpreid", "val", 5 * 200, 2 * 5 * 200, 200),
        ("rstpreid", "test", 5 * 200, 2 * 5 * 200, 200),
    ],
)
def test_text_data_sets(name, split, images, captions, persons):
    expected = {"images": images, "captions": captions, "persons": persons}
    assert datasets.published_counts(name)[split] == expected


@pytest.mark.parametrize(
    ("name", "images", "captions", "persons"),
    [
        ("cuhk-pedes", 40_206, 80_440, 13_003),
        ("icfg-pedes", 54_522, 54_522, 4_102),
        ("rstpreid", 20_505, 41_010, 4_101),
        ("ufine6926", 26_206, 52_412, 6_926),
    ],
)
def test_the_splits_of_a_text_data_set_add_up_to_its_published_whole(name, images, captions, persons):
    counts = datasets.published_counts(name)
    assert set(counts) == set(datasets.splits(name))
    whole = {key: sum(split[key] for split in counts.values()) for key in ("images", "captions", "persons")}
    assert whole == {"images": images, "captions": captions, "persons": persons}


@pytest.mark.parametrize(
    ("name", "train", "train_persons", "queries", "gallery", "persons"),
    [
        ("market1501", 12_936, 751, 3_368, 19_732 - 3_819, 750),
        ("dukemtmc-reid", 16_522, 702, 2_228, 17_661, 702),
        ("cuhk03-np-labeled", 7_368, 767, 1_400, 5_328, 700),
        ("cuhk03-np-detected", 7_365, 767, 1_400, 5_332, 700),
        ("msmt17", 32_621 - 2_373, 1_041, 11_659, 82_161, 4_101 - 1_041),
        ("viper", 632, 316, 316, 316, 316),
        ("cuhk01", 4 * 485, 485, 2 * 486, 2 * 486, 486),
        ("cuhk01-100", 4 * 871, 871, 200, 200, 100),
    ],
)
def test_image_data_sets(name, train, train_persons, queries, gallery, persons):
    counts = datasets.published_counts(name)
    assert counts["train"] == {"images": train, "persons": train_persons}
    assert counts["test"] == {"queries": queries, "gallery": gallery, "persons": persons}


@pytest.mark.parametrize("boxes", ["labeled", "detected"])
def test_cuhk03_classic_tests_a_hundred_of_its_1467_persons(boxes):
    counts = datasets.published_counts(f"cuhk03-classic-{boxes}")
    assert counts["test"] == {"persons": 100}
    assert counts["train"] == {"persons": 1_467 - 100}


def test_msmt17_trains_on_train_and_val():
    counts = datasets.published_counts("msmt17")
    assert counts["trainval"]["images"] == counts["train"]["images"] + counts["val"]["images"] == 32_621
