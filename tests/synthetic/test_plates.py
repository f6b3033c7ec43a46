"""Drawn plates: different strings, equal for equal seeds, and legible: a template tells them apart."""

from __future__ import annotations

import re

import numpy as np

from textreid.data import datasets
from textreid.synthetic import write_plates
from textreid.synthetic.drawing.seeding import rng
from textreid.synthetic.writers.plates import SIZE, draw_plate, strings


def test_strings_differ_and_follow_the_seed() -> None:
    found = strings(50, 3)
    assert len(set(found)) == 50
    assert all(re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z]{2}", string) for string in found)
    assert found == strings(50, 3) != strings(50, 4)


def test_views_of_a_plate_differ_and_are_nearer_to_each_other_than_to_others() -> None:
    """By the correlation of their grey values alone, of the mean of twenty views with another view."""
    views = {
        string: np.stack(
            [np.asarray(draw_plate(string, rng(0, string, n)).convert("L"), float).ravel() for n in range(24)]
        )
        for string in strings(6, 0)
    }
    assert len({view.tobytes() for each in views.values() for view in each}) == 6 * 24
    means = np.stack([each[:20].mean(axis=0) for each in views.values()])
    right = [
        np.argmax([np.corrcoef(view, mean)[0, 1] for mean in means]) == place
        for place, each in enumerate(views.values())
        for view in each[20:]
    ]
    assert np.mean(right) > 0.75


def test_they_lie_in_the_layout_of_ones_own_data(tmp_path) -> None:
    folder = write_plates(tmp_path, identities=5, images_per_identity=8)
    train, test = (datasets.load("folder", folder, split) for split in ("train", "test"))
    assert (len(train), len(test)) == (5 * 6, 5 * 2)
    assert {crop.person_id for crop in train} == {crop.person_id for crop in test}
    assert draw_plate("AB12CD", rng(0)).size == SIZE
