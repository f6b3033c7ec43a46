"""Recipes: what a training run does, from a TOML file to frozen values checked at birth."""

from textreid.recipe.augment import AugmentRecipe, TextRecipe
from textreid.recipe.data import DataRecipe, SamplerRecipe
from textreid.recipe.model import ModelRecipe
from textreid.recipe.recipe import Recipe, load_recipe, recipe_folder, recipe_names, with_root
from textreid.recipe.training import LockedRecipe, NoiseRecipe, OptimizerRecipe, Phase

__all__ = [
    "AugmentRecipe",
    "DataRecipe",
    "LockedRecipe",
    "ModelRecipe",
    "NoiseRecipe",
    "OptimizerRecipe",
    "Phase",
    "Recipe",
    "SamplerRecipe",
    "TextRecipe",
    "load_recipe",
    "recipe_folder",
    "recipe_names",
    "with_root",
]
