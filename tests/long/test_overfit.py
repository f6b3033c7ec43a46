"""Every recipe overfits: with towers of a few kilobytes it finds the drawn people it learned from.

It takes minutes a recipe and guards nothing alone. What fails first, in seconds:

- a recipe that does not load, or does not train:
  `tests/training/test_recipes.py::test_recipe_trains_and_its_model_searches` with its name;
- a loss or a branch that does not learn: `tests/end_to_end/test_branches_learn.py` with its name, and before
  that `test_minimising_it_draws_a_person_together_and_apart_from_others` in `tests/losses/test_contract.py`;
- noisy pairs (`cuhk-pedes-rde`): `tests/training/test_noisy_pairs.py`;
- parts, attributes and classifiers of images (all of `market1501-*`): `tests/end_to_end/test_overfit.py`,
  with two of them, and `tests/end_to_end/test_images_alone.py`;
- frozen and interpolated weights, hubs, locked towers and the matcher, which the chain of `cuhk-pedes-pocket`
  and `joint-all` use: `tests/training/test_locked_training.py`, `test_hubness.py` and `test_optimizer.py`;
- training from drawn people alone (`smoke`, `pocket-synthetic`): `tests/end_to_end/test_whole_way.py`.
"""

from __future__ import annotations

import pytest

from tests.helpers.overfit import OverfitRuns
from textreid.recipe import load_recipe, recipe_names


def learns_from_labels(name: str) -> bool:
    """Adaptation to others has a test of its own, and so has drawing people."""
    recipe = load_recipe(name)
    adapts = {"adda", "pul", "cluster_contrast"} & {stage["name"] for stage in recipe.stages}
    return bool(recipe.loss) and not adapts


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> OverfitRuns:
    return OverfitRuns(tmp_path_factory.mktemp("overfit"))


@pytest.mark.parametrize("name", [name for name in recipe_names() if learns_from_labels(name)])
def test_recipe_finds_the_people_that_it_learned(name: str, runs: OverfitRuns) -> None:
    assert min(runs.rank_1(name).values()) > 85
