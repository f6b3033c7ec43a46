"""Recipes: what a training run does, from a TOML file to frozen values checked at birth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.recipe.augment import AugmentRecipe, TextRecipe
    from textreid.recipe.data import DataRecipe, SamplerRecipe
    from textreid.recipe.model import ModelRecipe
    from textreid.recipe.recipe import Recipe, load_recipe, recipe_folder, recipe_names, with_root
    from textreid.recipe.training import NoiseRecipe, OptimizerRecipe
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "AugmentRecipe",
    "DataRecipe",
    "ModelRecipe",
    "NoiseRecipe",
    "OptimizerRecipe",
    "Recipe",
    "SamplerRecipe",
    "TextRecipe",
    "load_recipe",
    "recipe_folder",
    "recipe_names",
    "with_root",
]
