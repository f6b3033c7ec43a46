"""Recipes: whatever stands in one, it is read, or one sentence says which key may be what."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings

from tests.helpers.faults import hostile_recipes
from tests.helpers.faults.answers import answer_or_sentence
from textreid import losses
from textreid.errors import InputError, TextReIDError
from textreid.models import branches, matchers
from textreid.recipe.model import ModelRecipe
from textreid.recipe.recipe import Recipe, load_recipe, read_recipe
from textreid.training.stage import read_stages

RECIPE = """
[model]
init = "scratch"
[[data]]
name = "synthetic"
identities = 8
[loss.sdm]
[[stages]]
name = "phase"
epochs = 1
image_size = [64, 32]
"""
WIDTHS = {"image_width": 8, "text_width": 8}
SIZES = losses.Sizes(4, 2, vocabulary=10, parts=2, attributes={"hair": ("a", "b")}, **WIDTHS)

few = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "mine.toml").write_text(RECIPE)
    return str(tmp_path / "mine.toml")


def check(recipe: Recipe) -> None:
    """As a run does before it reads any data."""
    read_stages(recipe)
    with torch.device("meta"):
        for name, options in recipe.loss.items():
            losses.create(name.partition("@")[0], options, SIZES)
        for name, options in recipe.model.branches.items():
            branches.create(name, options, **WIDTHS)
        if recipe.model.matcher is not None:
            matchers.create(recipe.model.matcher, image_width=8, other_width=8)


@few
@given(overrides=hostile_recipes.overrides())
def test_whatever_is_set_is_read_or_refused(path: str, overrides: list[str]) -> None:
    assert answer_or_sentence(lambda: check(load_recipe(path, overrides)))


@few
@given(content=hostile_recipes.files())
def test_whatever_stands_in_the_file_is_read_or_refused(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    assert answer_or_sentence(lambda: check(load_recipe(path)))


@few
@given(table=hostile_recipes.tables())
def test_whatever_stands_in_the_recipe_of_a_run_is_read_or_refused(table: dict[str, object]) -> None:
    assert answer_or_sentence(lambda: check(read_recipe(table, where="recipe.json")))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("loss.sdm.temperature=nan", r"'nan' stands|expected float, found 'nan'"),
        ("loss.sdm.weight=inf", "weight is inf; it must be at least 0"),
        ("seed=99999999999999999999", r"seed: expected a whole number of at most \d+, found a larger one"),
        ("seed=" + "9" * 5_000, "seed: expected int, found '9999"),
        ("seed=4294967296", "seed is 4294967296; it must be at most 4294967295"),
        ("stages.0.epochs=1000000000", "epochs is 1000000000; it must be at most 100000"),
        ("stages.0.image_size=[1000000, 1000000]", "both sides need 32 pixels or more, 2048 at most"),
        ("model.projection_dim=1000000000", "projection_dim is 1000000000; it must be at most 65536"),
        ("model.text_width=65536", r"a new text tower of [\d,]+ weights; it may have 200,000,000"),
        ("sampler.identities=60000", "their product, the images of a batch, may be 65,536 at most"),
        ("loss.mlm.heads=0", "heads is 0; it must be at least 1"),
        ("optimizer.betas=[0.9, 1.0]", "betas is 1.0; it must be at least 0 and below 1"),
        ("workers=true", "workers: expected int, found True"),
        ("model.image_backbone=\udc80", "image_backbone: expected text, found half a character"),
    ],
)
def test_says_which_key_may_be_what(path: str, override: str, said: str) -> None:
    with pytest.raises(TextReIDError, match=said):
        check(load_recipe(path, [override]))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 300 + ".toml", "too long for a file"),
        ("a\0b.toml", "holds the character 0"),
        ("~nobody-at-all/x.toml", "the home of a user who does not exist"),
        (".toml", "no recipe called"),
        ("", "no recipe called ''"),
    ],
)
def test_names_that_no_recipe_can_have(name: str, said: str) -> None:
    with pytest.raises(TextReIDError, match=said):
        load_recipe(name)


def test_options_of_a_tower_are_bounded_too() -> None:
    with pytest.raises(InputError, match=r"image_options\.depth is 1000000000; it must be at most"):
        ModelRecipe(image_options={"depth": 10**9})
