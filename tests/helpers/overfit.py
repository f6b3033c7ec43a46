"""Recipes that overfit: with towers of a few kilobytes they find the drawn people they learned from.

Losses, branches, matcher, frozen parts, hidden words and the search for wrong pairs are the recipe's own, and
a recipe that goes on from the model of another, or learns from it, does so here. Replaced is what fits large
pretrained towers and thousands of people, but not tiny random ones: the optimiser, its rates and schedule,
dropout above a half, and the variation of images.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import scipy.io
import timm
import torch
from timm.models import save_for_hf

from tests.helpers.own_people import rank_1
from tests.helpers.small_models import phase, write_clip
from tests.helpers.tiny_recipes import attributes, tiny, write_samples
from textreid.recipe import (
    AugmentRecipe,
    OptimizerRecipe,
    Recipe,
    load_recipe,
    with_root,
)
from textreid.synthetic import write_cuhk_pedes, write_market1501, write_plates
from textreid.training.from_recipe import train

PEOPLE, IMAGES = 8, 8
EPOCHS = 90
LONGER = {"joint-all": 140}
"""It has fourteen losses to bring down at once."""
RATE = 1e-3
PHASES = ("phase", "domain_dropout")


class OverfitRuns:
    """Trains recipes on the people that it draws, each once."""

    def __init__(self, folder: Path) -> None:
        """Draw people in the official layouts, and towers that recipes start from.

        Half of the people in the layout of Market-1501 are for training.
        """
        self.folder, self.root, self.hub = folder, folder / "data", folder / "hub"
        self.root.mkdir()
        write_cuhk_pedes(
            self.root, identities=PEOPLE, images_per_identity=IMAGES, seed=0, split=(1.0, 0.0, 0.0)
        )
        market = write_market1501(self.root, identities=2 * PEOPLE, images_per_identity=IMAGES, seed=0)
        scipy.io.savemat(market / "market_attribute.mat", {"market_attribute": {"train": attributes()}})
        rows = json.loads((self.root / "CUHK-PEDES" / "reid_raw.json").read_text())
        captions = [caption for row in rows for caption in row["captions"]]
        write_clip(self.hub / "clip", captions, width=32, words=48, patch=8)
        write_samples(self.hub / "samples")
        write_plates(self.hub, identities=PEOPLE, images_per_identity=IMAGES)
        torch.manual_seed(0)
        save_for_hf(timm.create_model("test_resnet"), self.hub / "resnet", safe_serialization=True)

    def rank_1(self, name: str) -> dict[str, float]:
        """Data set -> R@1 in percent of a recipe's model on the people that it was trained on."""
        return rank_1(*self._trained(name))

    def _trained(self, name: str) -> tuple[Recipe, Path]:
        """A recipe by name, shrunk, and the folder of its run."""
        out = self.folder / name
        changes, start, teacher = (
            tiny(name, self.hub),
            load_recipe(name).model.init,
            load_recipe(name).teacher,
        )
        if teacher:
            changes.append(f"teacher={self._trained(Path(teacher).parts[1])[1] / 'model'}")
        if start.startswith("runs/"):
            changes.append(f"model.init={self._trained('cuhk-pedes-' + Path(start).parts[1])[1] / 'model'}")
        whole = with_root(load_recipe(name, [*changes, *smaller(name)]), self.root)
        recipe = shrunk(whole, LONGER.get(name, EPOCHS))
        if not out.exists():
            train(recipe, out)
        return recipe, out


def smaller(name: str) -> list[str]:
    """What makes the rest of a recipe as small as its towers."""
    recipe = load_recipe(name)
    changes = [f"sampler.identities={PEOPLE}"]
    changes += [f"model.branches.{branch}.dim=32" for branch in recipe.model.branches]
    if not recipe.model.image_init:
        changes.append("model.text_layers=3")  # the first two may be frozen
    if recipe.model.text_layers_to_keep:
        changes.append("model.text_layers_to_keep=[0, 1, 2]")
    if recipe.model.matcher:
        small = {"gna_rnn": {"units": 32, "hidden": 32, "width": 32}}
        sizes = small.get(recipe.model.matcher.get("name", ""), {"width": 32, "heads": 2})
        changes += [f"model.matcher.{option}={size}" for option, size in sizes.items()]
    if "mlm" in recipe.loss:
        changes += ["loss.mlm.layers=1", "loss.mlm.width=32", "loss.mlm.heads=2"]
    for loss, options in recipe.loss.items():
        if "dropout" in options or loss == "verification":
            changes.append(f"loss.{loss}.dropout=0.5")
    for number, data in enumerate(recipe.data):
        if data.name == "synthetic":
            changes += [f"data.{number}.identities=11", f"data.{number}.images={IMAGES}"]
    return changes


def shrunk(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe with another optimiser and images as they are."""
    phases = [stage for stage in recipe.stages if stage["name"] in PHASES]
    rates = {"image_rate": RATE, "text_rate": RATE, "head_rate": RATE}
    own = {"epochs": epochs // len(phases), "warmup": 1, **rates}
    return replace(
        recipe,
        val=(),
        augment=AugmentRecipe(flip=0, pad=0, erase=0, jitter=0),
        optimizer=OptimizerRecipe(),
        stages=tuple(
            stage | phase(frozen=stage.get("frozen", []), **own) | {"name": stage["name"]}
            if stage["name"] in PHASES
            else stage
            for stage in recipe.stages
        ),
    )
