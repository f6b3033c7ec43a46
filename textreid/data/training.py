"""The data that a recipe names: official data sets where they lie, synthetic people drawn for the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textreid.config import DataRecipe
from textreid.data import datasets
from textreid.data.pairs import contiguous_labels
from textreid.data.synthetic import write_cuhk_pedes
from textreid.errors import InputError
from textreid.types import PersonCrop


def training_pairs(recipes: Sequence[DataRecipe], out: Path) -> tuple[list[PersonCrop], list[int]]:
    """The crops of all data sets, one after the other, and the contiguous class of each.

    Args:
        recipes: the data sets.
        out: folder of the run; synthetic people are drawn into it.

    Raises:
        InputError: there is none, it cannot be read, or its images have no captions.
    """
    loaded = [datasets.load(*locate(recipe, out), recipe.split) for recipe in recipes]
    crops = [crop for part in loaded for crop in part]
    if not crops:
        raise InputError("The recipe names no data: give it a [[data]] table.")
    for crop in crops:
        if not crop.captions or crop.person_id is None:
            raise InputError(f"'{crop.id}' has no caption or no person: a joint model cannot learn from it.")
    return crops, contiguous_labels(crops, [source for source, part in enumerate(loaded) for _ in part])


def locate(recipe: DataRecipe, out: Path) -> tuple[str, Path]:
    """The name of the layout and the folder of a data set; synthetic people are drawn once a run.

    Args:
        recipe: the data set.
        out: folder of the run.

    Raises:
        InputError: the recipe does not say where it lies.
    """
    if recipe.name != "synthetic":
        if not recipe.root:
            raise InputError(f"Say where {recipe.name} lies: --root DIR")
        return recipe.name, Path(recipe.root)
    folder = out / "data" / f"synthetic-{recipe.identities}x{recipe.images}-{recipe.seed}"
    if not (folder / "CUHK-PEDES").exists():
        write_cuhk_pedes(
            folder, identities=recipe.identities, images_per_identity=recipe.images, seed=recipe.seed
        )
    return "cuhk-pedes", folder
