"""Images of nobody in the batches of people who are known."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.helpers.tiny_recipes import write_samples
from textreid.data.nobody import with_nobody
from textreid.data.training_set import read_training_set
from textreid.recipe import DataRecipe
from textreid.synthetic import write_market1501
from textreid.types import GENERATED

REAL = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3]]
ROWS = [20, 21, 22, 23, 24]


def joined(own: range = range(3), *, seed: int = 0, epoch: int = 0) -> list[list[int]]:
    return list(with_nobody(REAL, ROWS, 3, own, seed=seed, epoch=epoch))


def test_people_known_stay_and_all_of_nobody_come_before_one_comes_again() -> None:
    batches = joined()
    assert [batch[:4] for batch in batches] == REAL
    drawn = [row for batch in batches for row in batch[4:]]
    assert [len(batch) for batch in batches] == [7, 7, 7]
    assert sorted(drawn[:5]) == ROWS
    assert max(Counter(drawn).values()) == 2


def test_order_is_a_function_of_seed_and_epoch() -> None:
    assert joined() == joined()
    assert joined(epoch=1) != joined() != joined(seed=1)


def test_processes_share_what_one_would_see() -> None:
    one, two = joined(range(2)), joined(range(2, 3))
    assert [first + second[4:] for first, second in zip(one, two, strict=True)] == joined()


@pytest.mark.parametrize("person", ["-1", "7"])
def test_a_table_of_generated_images_adds_no_identity(tmp_path: Path, person: str) -> None:
    """Whatever the folder is called that they lie in."""
    write_market1501(tmp_path, identities=4, images_per_identity=2, seed=0)
    write_samples(tmp_path / "samples")
    (tmp_path / "samples" / "-1").rename(tmp_path / "samples" / person)
    recipes = [
        DataRecipe("market1501", root=str(tmp_path)),
        DataRecipe("folder", root=str(tmp_path / "samples"), generated=True),
    ]
    data = read_training_set(recipes, tmp_path, reads_text=False)
    alone = read_training_set(recipes[:1], tmp_path, reads_text=False)
    assert data.classes == alone.classes
    assert data.labels == [*alone.labels, *[GENERATED] * 6]
    assert data.generated == list(range(len(alone.crops), len(alone.crops) + 6))
