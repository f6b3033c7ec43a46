"""Keys that had another name: they work in a recipe and in an override, each with one line.

For folders of old runs see `tests/training/test_checkpoint.py`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from textreid.errors import InputError, UnknownNameError
from textreid.recipe import (
    AugmentRecipe,
    ModelRecipe,
    Recipe,
    SamplerRecipe,
    load_recipe,
)
from textreid.recipe.renamed import RENAMED, rename_keys

START = """
[[stages]]
name = "phase"
epochs = 1

"""
OLD_START = "[[phases]]\nepochs = 1\n\n"
VALUES: dict[str, str] = {
    "keep_epochs": "true",
    "model.keep": "0.25",
    "model.text_kept": "[0, 2]",
    "model.matcher.say": "0.5",
    "sampler.alike": "3",
    "augment.policy_share": "0.75",
    "locked.still": '"text"',
    "locked.stay": "7.5",
    "locked.person": "0.9",
    "locked.nearest": "11",
    "locked.wrong": "2",
}
PHASE = {"name": "phase", "epochs": 1}
CHANGED: dict[str, dict[str, Any]] = {
    "keep_epochs": {"save_epochs": True},
    "model.keep": {"model": ModelRecipe(interpolate=0.25)},
    "model.text_kept": {"model": ModelRecipe(text_layers_to_keep=(0, 2))},
    "model.matcher.say": {"model": ModelRecipe(matcher={"weight": 0.5})},
    "sampler.alike": {"sampler": SamplerRecipe(hard_neighbours=3)},
    "augment.policy_share": {"augment": AugmentRecipe(policy_probability=0.75)},
    "locked.still": {"stages": (PHASE, {"name": "locked", "frozen": "text"})},
    "locked.stay": {"stages": (PHASE, {"name": "locked", "drift_weight": 7.5})},
    "locked.person": {"stages": (PHASE, {"name": "locked", "identity_share": 0.9})},
    "locked.nearest": {"stages": (PHASE, {"name": "locked", "candidates": 11})},
    "locked.wrong": {"stages": (PHASE, {"name": "locked", "negatives": 2})},
}


def recipe_file(folder: Path, text: str) -> str:
    (folder / "old.toml").write_text(text)
    return str(folder / "old.toml")


def test_every_renamed_key_is_tested() -> None:
    assert set(RENAMED) == set(VALUES) == set(CHANGED)


@pytest.mark.parametrize("old", RENAMED)
class TestOldKeys:
    def test_in_a_recipe(self, tmp_path: Path, old: str, capsys: pytest.CaptureFixture[str]) -> None:
        table, _, key = old.rpartition(".")
        head = f"[[{table}]]\n" if table == "locked" else f"[{table}]\n" if table else ""
        entry = f"{head}{key} = {VALUES[old]}\n"
        start = OLD_START if table == "locked" else START
        recipe = load_recipe(recipe_file(tmp_path, start + entry if head else entry + start))
        assert recipe == replace(Recipe(stages=(PHASE,)), **CHANGED[old])
        said = capsys.readouterr().err.splitlines()
        assert said[0] == f"'{old}' is now called '{RENAMED[old]}'."
        assert len(said) == (3 if table == "locked" else 1)

    def test_in_an_override(self, tmp_path: Path, old: str, capsys: pytest.CaptureFixture[str]) -> None:
        is_locked = old.startswith("locked")
        text = START + ('[[stages]]\nname = "locked"\n' if is_locked else "")
        key = old.replace("locked.", "locked.0.")
        recipe = load_recipe(recipe_file(tmp_path, text), [f"{key}={VALUES[old]}"])
        assert recipe == replace(Recipe(stages=(PHASE,)), **CHANGED[old])
        said = capsys.readouterr().err.splitlines()
        assert said[0] == f"'{old}' is now called '{RENAMED[old]}'."
        assert len(said) == (2 if is_locked else 1)


def test_an_override_by_the_old_key_wins_over_the_recipe_and_one_of_a_whole_table_is_renamed_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recipe_file(tmp_path, START + "[sampler]\nalike = 1\n")
    assert load_recipe(path, ["sampler.alike=2"]).sampler.hard_neighbours == 2
    assert load_recipe(path, ["sampler={alike = 4}"]).sampler.hard_neighbours == 4
    assert load_recipe(path, ["sampler.hard_neighbours=5"]).sampler.hard_neighbours == 5
    assert len(capsys.readouterr().err.splitlines()) == 2 + 2 + 1


def test_a_setting_by_both_names_is_refused(tmp_path: Path) -> None:
    for keys in ("alike = 1\nhard_neighbours = 2\n", "hard_neighbours = 2\nalike = 1\n"):
        with pytest.raises(InputError, match="'hard_neighbours' stands in the recipe twice"):
            load_recipe(recipe_file(tmp_path, START + "[sampler]\n" + keys))


def test_what_was_never_a_key_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"'hard_neighbour'\. Did you mean 'hard_neighbours'"):
        load_recipe(recipe_file(tmp_path, START), ["sampler.hard_neighbour=1"])
    with pytest.raises(UnknownNameError, match="no key in old called 'alike'"):
        load_recipe(recipe_file(tmp_path, "alike = 1\n" + START))


def test_only_keys_are_renamed_and_the_table_that_came_in_stays_as_it_was() -> None:
    table = {"loss": {"itc": {"keep": 1}}, "sampler": {"alike": 2}, "model": {"init": "keep"}}
    before = json.dumps(table)
    assert rename_keys(table) == table | {"sampler": {"hard_neighbours": 2}}
    assert json.dumps(table) == before


def test_todays_recipes_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    recipe = load_recipe("cuhk-pedes-pocket")
    assert rename_keys(asdict(recipe)) == asdict(recipe)
    assert capsys.readouterr().err == ""
