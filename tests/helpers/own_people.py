"""How well a model finds the people that it was trained on."""

from __future__ import annotations

from pathlib import Path

from textreid.data import datasets
from textreid.data.training_set import locate
from textreid.evaluate.benchmark import Benchmark
from textreid.inference.encoder import Encoder
from textreid.recipe import Recipe
from textreid.training import validation


def rank_1(recipe: Recipe, out: Path) -> dict[str, float]:
    """Data set of the recipe -> R@1 in percent, by captions, or by images from another camera.

    Args:
        recipe: that the model was trained by.
        out: folder of the run.
    """
    encoder, reads_text = Encoder.load(out / "model", device="cpu"), recipe.model.reads_text
    found = {}
    for data in (data for data in recipe.data if data.labels and not data.generated):
        crops = tuple(datasets.load(*locate(data, out), data.split))
        described = reads_text and any(crop.captions for crop in crops)
        benchmark = Benchmark(data.name, data.split, crops, queries=() if described else crops)
        found[data.name] = validation.measure(encoder, benchmark)["R1"]
    return found
