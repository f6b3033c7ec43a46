"""Clusters of drawn people without labels: PUL finds them better than before, contrast makes them purer.

Both begin with a network that has seen no people, from the package of the `train` extra.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from textreid.data import datasets
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.encoder import Encoder
from textreid.models.folder import save_model
from textreid.models.pretrained.joint import start_model
from textreid.recipe import AugmentRecipe, DataRecipe, ModelRecipe, Recipe
from textreid.synthetic import write_market1501
from textreid.training import validation
from textreid.training.from_recipe import train

PUL = {"rounds": 4, "passes": 2, "clusters": 16, "sure": 0.8, "batch": 16, "image_rate": 5e-5}
CONTRAST = {"epochs": 6, "identities": 8, "images": 4, "least": 2, "neighbours": 5, "radius": 0.5}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Twelve people, eight crops each, and a model to begin with."""
    root = tmp_path_factory.mktemp("target")
    write_market1501(root, identities=24, images_per_identity=8, seed=1)
    model = ModelRecipe(reads_text=False, projection_dim=2560)
    start, processor = start_model(model, (128, 64), [])
    save_model(start.eval(), processor, root / "start")
    return Recipe(
        model=replace(model, init=str(root / "start")),
        data=(DataRecipe("market1501", root=str(root), labels=False),),
        augment=AugmentRecipe(pad=4, erase=0, jitter=0),
        workers=0,
    )


def mean_average_precision(recipe: Recipe, model: str | Path) -> float:
    """Of the target's crops, each searching the others."""
    crops = tuple(datasets.load("market1501", recipe.data[0].root, "train"))
    benchmark = Benchmark("market1501", "train", crops, crops)
    return validation.measure(Encoder.load(model, device="cpu"), benchmark)["mAP"]


def adapt(recipe: Recipe, out: Path, name: str, options: dict[str, Any]) -> tuple[Path, list[dict[str, Any]]]:
    """The model, and what it said of its clusters."""
    model = train(replace(recipe, stages=({"name": name, **options},)), out)
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return model, [row for row in rows if row["kind"] == "clusters"]


def test_pul_finds_people_better_than_the_start(recipe: Recipe, tmp_path: Path) -> None:
    model, rounds = adapt(recipe, tmp_path, "pul", PUL)
    assert mean_average_precision(recipe, model) > mean_average_precision(recipe, recipe.model.init) + 1
    assert min(row["purity"] for row in rounds) > 0.9


def test_contrast_makes_clusters_purer(recipe: Recipe, tmp_path: Path) -> None:
    _, epochs = adapt(recipe, tmp_path, "cluster_contrast", CONTRAST)
    assert epochs[-1]["purity"] > epochs[0]["purity"] + 0.05
