"""What is measured after each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textreid.benchmark import Benchmark
from textreid.config import DataRecipe
from textreid.data.training import locate
from textreid.errors import InputError
from textreid.evaluate import JointEncoder, evaluate
from textreid.evaluate.directions import IMAGE_TO_IMAGE, TEXT_TO_IMAGE


def read(recipes: Sequence[DataRecipe], out: Path) -> dict[str, Benchmark]:
    """The validation splits of a recipe by name, such as "cuhk-pedes val".

    Args:
        recipes: the data sets.
        out: folder of the run; synthetic people are drawn into it.

    Raises:
        InputError: one cannot be read, or two are the same.
    """
    benchmarks = {
        f"{recipe.name} {recipe.split}": Benchmark.read(*locate(recipe, out), recipe.split)
        for recipe in recipes
    }
    if len(benchmarks) < len(recipes):
        raise InputError("Two [[val]] tables name the same split: leave one out.")
    return benchmarks


def direction(benchmark: Benchmark, *, reads_text: bool) -> str:
    """What is measured: a search by sentences, or by images where the split or the model has no sentences."""
    described = any(crop.captions for crop in benchmark.gallery)
    return TEXT_TO_IMAGE if reads_text and described else IMAGE_TO_IMAGE


def measure(encoder: JointEncoder, benchmark: Benchmark, *, reads_text: bool) -> dict[str, float]:
    """Name of a metric -> percent (see `textreid.metrics.protocols.RetrievalResult`)."""
    asked = direction(benchmark, reads_text=reads_text)
    return evaluate(encoder, benchmark, directions=[asked]).directions[asked].percent
