"""Recipes: what may stand in them, what --set changes, and what is refused with which words."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from textreid import losses
from textreid.config import build
from textreid.errors import InputError, TextReIDError, UnknownNameError
from textreid.recipe import (
    AugmentRecipe,
    DataRecipe,
    ModelRecipe,
    OptimizerRecipe,
    Recipe,
    SamplerRecipe,
    load_recipe,
    recipe_folder,
    recipe_names,
    with_root,
)

RECIPE = """
description = "for tests"
seed = 3

[model]
init = "scratch"

[[data]]
name = "synthetic"
identities = 10

[[data]]
name = "cuhk-pedes"
root = "there"

[loss.sdm]
temperature = 0.05

[[stages]]
name = "phase"
epochs = 2
image_size = [64, 32]

[[stages]]
name = "phase"
epochs = 1
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "mine.toml").write_text(RECIPE)
    return str(tmp_path / "mine.toml")


def test_every_recipe_of_the_installation_loads() -> None:
    assert {"cuhk-pedes-pocket", "smoke"} <= set(recipe_names())
    widths = {"image_width": 256, "text_width": 256, "vocabulary": 10}
    everything = losses.Sizes(4, 2, parts=2, attributes={"hair": ("long", "short")}, **widths)
    for name in recipe_names():
        recipe = load_recipe(name)
        assert recipe.description
        assert recipe.stages
        for loss, options in recipe.loss.items():
            losses.create(loss.partition("@")[0], options, everything)


def test_name_of_a_recipe_is_the_stem_of_its_file() -> None:
    assert recipe_names() == sorted(path.stem for path in recipe_folder().glob("*.toml"))


def test_file_becomes_frozen_values_with_defaults(path: str) -> None:
    recipe = load_recipe(path)
    assert recipe == Recipe(
        description="for tests",
        seed=3,
        model=ModelRecipe(init="scratch"),
        data=(DataRecipe("synthetic", identities=10), DataRecipe("cuhk-pedes", root="there")),
        loss={"sdm": {"temperature": 0.05}},
        stages=({"name": "phase", "epochs": 2, "image_size": [64, 32]}, {"name": "phase", "epochs": 1}),
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.seed = 4  # type: ignore[misc]


def test_recipe_survives_json(path: str) -> None:
    recipe = load_recipe(path)
    assert build(Recipe, json.loads(json.dumps(dataclasses.asdict(recipe))), where="again") == recipe


class TestOverrides:
    def test_values_are_toml_and_bare_words_are_strings(self, path: str) -> None:
        recipe = load_recipe(
            path,
            [
                "seed=7",
                "optimizer.clip=1",
                "model.init=pretrained",
                'precision="bf16"',
                "stages.1.image_size=[128, 64]",
                "data.0.identities=99",
                "loss.triplet.margin=0.3",
                "val.name=synthetic",
                "val.split = val",
            ],
        )
        assert recipe.seed == 7
        assert recipe.optimizer.clip == 1.0
        assert recipe.model.init == "pretrained"
        assert recipe.precision == "bf16"
        assert recipe.stages[1]["image_size"] == [128, 64]
        assert recipe.data[0].identities == 99
        assert recipe.loss == {"sdm": {"temperature": 0.05}, "triplet": {"margin": 0.3}}
        assert recipe.val == (DataRecipe("synthetic", split="val"),)

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("seed", "'seed' is not of the form key=value"),
            ("sede=1", "no key in mine called 'sede'. Did you mean 'seed'"),
            ("model.layers=1", "no key in mine.model called 'layers'"),
            ("stages.2.epochs=1", "'2' must be a number from 0 to 1"),
            ("stages.first.epochs=1", "'first' must be a number from 0 to 1"),
            ("seed.x=1", "'seed' is a value, 3, and has no settings"),
            ("seed=many", "mine.seed: expected int, found 'many'"),
            ("seed=true", "mine.seed: expected int, found True"),
            ("augment.erase_area=[0.1]", "expected 2 values"),
            ("augment.erase_area=0.1", "expected tuple, found 0.1"),
            ("precision=fp8", "no choice for mine.precision called 'fp8'"),
            ("loss=sdm", "mine.loss: expected dict"),
        ],
    )
    def test_refused(self, path: str, override: str, message: str) -> None:
        with pytest.raises(TextReIDError, match=message):
            load_recipe(path, [override])


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "values", "message"),
        [
            (ModelRecipe, {"interpolate": 1.1}, "interpolate is 1.1; it must be between 0 and 1"),
            (ModelRecipe, {"text_width": 100}, "text_width is 100; it must be a multiple of 32"),
            (SamplerRecipe, {"identities": 0}, "identities is 0; it must be at least 1"),
            (SamplerRecipe, {"images": 0}, "images is 0"),
            (AugmentRecipe, {"erase": -0.1}, "erase is -0.1"),
            (Recipe, {"seed": -1}, "seed is -1"),
            (DataRecipe, {"name": "x", "trust": {"a": 1.5}}, r"trust\.a is 1\.5; it must be between 0 and 1"),
            (OptimizerRecipe, {"clip": 0.0}, "clip is 0.0; it must be above 0"),
        ],
    )
    def test_value_out_of_range(self, kind: type, values: dict[str, object], message: str) -> None:
        with pytest.raises(InputError, match=message):
            kind(**values)

    def test_missing_key_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text("[[data]]\nroot = 'x'")
        with pytest.raises(InputError, match=r"a\.data\[0\]: missing name"):
            load_recipe(str(tmp_path / "a.toml"))

    def test_file_that_is_not_toml(self, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text("seed = ")
        with pytest.raises(InputError, match="is not valid TOML"):
            load_recipe(str(tmp_path / "a.toml"))

    def test_unknown_recipe_suggests_the_nearest(self) -> None:
        with pytest.raises(UnknownNameError, match=r"no recipe called 'smok'\. Did you mean 'smoke'"):
            load_recipe("smok")

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="no recipe called"):
            load_recipe(str(tmp_path / "nowhere.toml"))


def test_root_goes_to_data_sets_that_name_none(path: str) -> None:
    recipe = load_recipe(path, ["val.name=cuhk-pedes", "val.split=val"])
    placed = with_root(recipe, Path("data"))
    assert [data.root for data in placed.data] == ["", "there"]
    assert [data.root for data in placed.val] == ["data"]
    assert with_root(recipe, None) == recipe
