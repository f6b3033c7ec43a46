"""Who looks like whom: against a sort, and with people whose colours say it."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.helpers.toy import COLOURS, ToyEncoder, draw_person
from textreid.data.training_set import TrainingSet
from textreid.training.mining.hard_identities import NEIGHBOURS, hard_neighbours, nearest, one_each
from textreid.types import PersonCrop


@pytest.mark.parametrize("people", [1, 2, 50, 1100])
def test_against_a_sort(people: int) -> None:
    vectors = F.normalize(torch.randn(people, 16, generator=torch.Generator().manual_seed(people)), dim=1)
    likeness = (vectors.double() @ vectors.double().T).numpy()
    np.fill_diagonal(likeness, -np.inf)
    expected = np.argsort(-likeness, axis=1)[:, : min(NEIGHBOURS, people - 1)]
    np.testing.assert_array_equal(nearest(vectors), expected)


@pytest.mark.parametrize("seed", range(20))
def test_one_image_of_each(seed: int) -> None:
    labels = np.random.default_rng(seed).permutation([-1, -1, *range(9), *range(9), 3, 3]).tolist()
    assert [labels[row] for row in one_each(labels, seed)] == list(range(9))


def test_every_image_of_a_person_is_drawn_at_times() -> None:
    assert {one_each([0, 1, 0, 0], seed)[0] for seed in range(40)} == {0, 2, 3}


def test_people_of_the_same_colours_are_alike(tmp_path: Path) -> None:
    """Six pairs of people who wear the same, among others who wear something else."""
    worn = list(permutations(COLOURS, 2))[::17] * 2
    crops = []
    for person, (upper, lower) in enumerate(worn):
        for shot in range(2):
            path = tmp_path / f"{person}_{shot}.png"
            draw_person(upper, lower, (30 + shot, 70)).save(path)
            crops.append(PersonCrop(str(path), path, person_id=person))
    labels = [crop.person_id for crop in crops]
    nothing = torch.empty(len(crops), 0, dtype=torch.int64)
    data = TrainingSet(crops, labels, [0] * len(crops), [[]] * len(crops), nothing, {})
    first = [people[0] for people in hard_neighbours(ToyEncoder(), data, seed=0)]
    half = len(worn) // 2
    assert first == [(person + half) % len(worn) for person in range(len(worn))]
