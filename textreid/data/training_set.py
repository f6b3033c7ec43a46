"""The data that a recipe names: official data sets where they lie, synthetic people drawn for the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from textreid.data import datasets
from textreid.data.attributes.space import attribute_space, with_attributes
from textreid.errors import InputError, UnknownNameError
from textreid.io.typed_path import typed_path
from textreid.recipe.data import DataRecipe
from textreid.synthetic.writers.cuhk_pedes import write_cuhk_pedes
from textreid.types import GENERATED, PersonCrop


@dataclass(frozen=True)
class TrainingSet:
    """What a run learns from: the crops of all its data sets, one after the other.

    Attributes:
        crops: N of them.
        labels: [N] contiguous class of each crop, over all data sets; -1 where nobody knows who it is,
            `GENERATED` where a network drew it.
        domains: [N] number of the data set that each crop comes from.
        trust: [N] for each crop, how far each of its captions is believed, 0 to 1.
        attributes: [N, A] int64, value of each attribute group, -1 where unknown.
        groups: attribute group -> its values.
    """

    crops: Sequence[PersonCrop]
    labels: Sequence[int]
    domains: Sequence[int]
    trust: Sequence[Sequence[float]]
    attributes: Tensor
    groups: Mapping[str, tuple[str, ...]]

    @property
    def classes(self) -> int:
        """Number of different people."""
        return max(-1, *self.labels) + 1

    @property
    def generated(self) -> list[int]:
        """The rows of the crops that a network drew."""
        return [row for row, label in enumerate(self.labels) if label == GENERATED]

    @property
    def unknown(self) -> list[int]:
        """The rows of the crops of nobody known."""
        return [row for row, label in enumerate(self.labels) if label == -1]

    @property
    def captions(self) -> list[str]:
        """Every caption, in the order of the crops."""
        return [caption for crop in self.crops for caption in crop.captions]


def read_training_set(recipes: Sequence[DataRecipe], out: Path, *, reads_text: bool = True) -> TrainingSet:
    """The data that a recipe names.

    Args:
        recipes: the data sets.
        out: folder of the run; synthetic people are drawn into it.
        reads_text: the model is to learn from captions; without, they are left out.

    Raises:
        InputError: there is none, it cannot be read, nobody is known in it, or no image has a caption.
        UnknownNameError: a data set, a split, or a source of one does not exist.
    """
    loaded = [_read(recipe, out) for recipe in recipes]
    crops = [crop for part in loaded for crop in part]
    if not crops:
        raise InputError("The recipe names no data: give it a [[data]] table.")
    if reads_text and not any(crop.captions for crop in crops):
        raise InputError(
            "No image has a caption, so a joint model cannot learn from them: add a data set with captions,"
            " or train on images alone: --set model.reads_text=false"
        )
    domains = [source for source, part in enumerate(loaded) for _ in part]
    shown = [
        crop if recipes[source].labels else replace(crop, person_id=None)
        for crop, source in zip(crops, domains, strict=True)
    ]
    labels = [
        GENERATED if recipes[source].generated else label
        for source, label in zip(domains, contiguous_labels(shown, domains), strict=True)
    ]
    if max(labels) < 0 and all(recipe.labels for recipe in recipes):
        raise InputError("Nobody is known in this data: a model learns from images of the same person.")
    trust = [
        [recipe.trust.get(crop.caption_source, 1.0)] * len(crop.captions)
        for recipe, part in zip(recipes, loaded, strict=True)
        for crop in part
    ]
    space = attribute_space(crops)
    return TrainingSet(crops, labels, domains, trust, space.table(crops), space.groups)


def _read(recipe: DataRecipe, out: Path) -> list[PersonCrop]:
    crops = with_attributes(datasets.load(*locate(recipe, out), recipe.split, recipe.image_folder), recipe)
    if recipe.sources:
        found = {_source(crop) for crop in crops}
        for source in recipe.sources:
            if source not in found:
                raise UnknownNameError(f"source of {recipe.name}", source, found)
        crops = [crop for crop in crops if _source(crop) in recipe.sources]
    if recipe.generated:
        return [replace(crop, person_id=None, captions=(), attributes={}) for crop in crops]
    return crops


def _source(crop: PersonCrop) -> str:
    """The first folder of an image's path."""
    return crop.id.partition("/")[0]


def contiguous_labels(crops: Sequence[PersonCrop], sources: Sequence[int]) -> list[int]:
    """Training classes 0 … C-1 in order of (source, person); -1 for junk and for people nobody knows.

    The same person number in two data sets is two people.

    Args:
        crops: of all data sets.
        sources: number of the data set that each crop comes from.
    """
    keys = [
        None if crop.person_id is None or crop.person_id < 0 else (source, crop.person_id)
        for source, crop in zip(sources, crops, strict=True)
    ]
    classes = {key: label for label, key in enumerate(sorted({key for key in keys if key is not None}))}
    return [-1 if key is None else classes[key] for key in keys]


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
        return recipe.name, typed_path(recipe.root)
    folder = out / "data" / f"synthetic-{recipe.identities}x{recipe.images}-{recipe.seed}"
    if not (folder / "CUHK-PEDES").exists():
        write_cuhk_pedes(
            folder, identities=recipe.identities, images_per_identity=recipe.images, seed=recipe.seed
        )
    return "cuhk-pedes", folder
