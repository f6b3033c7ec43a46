"""What is measured after each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from textreid.data.attributes.space import with_attributes
from textreid.data.training_set import locate
from textreid.errors import InputError
from textreid.evaluate import ImageTextEncoder, evaluate
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.directions import IMAGE_TO_IMAGE, TEXT_TO_IMAGE
from textreid.evaluate.methods import Methods
from textreid.losses.attributes import Attributes
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.data import DataRecipe
from textreid.training.attribute_validation import validate_attributes


def read_benchmarks(recipes: Sequence[DataRecipe], out: Path) -> dict[str, Benchmark]:
    """The validation splits of a recipe by name, such as "cuhk-pedes val".

    Args:
        recipes: the data sets.
        out: folder of the run; synthetic people are drawn into it.

    Raises:
        InputError: one cannot be read, or two are the same.
    """
    benchmarks = {f"{recipe.name} {recipe.split}": _read(recipe, out) for recipe in recipes}
    if len(benchmarks) < len(recipes):
        raise InputError("Two [[val]] tables name the same split: leave one out.")
    return benchmarks


def _read(recipe: DataRecipe, out: Path) -> Benchmark:
    benchmark = Benchmark.read(*locate(recipe, out), recipe.split)
    return replace(benchmark, gallery=tuple(with_attributes(benchmark.gallery, recipe)))


def direction(benchmark: Benchmark, *, reads_text: bool) -> str:
    """What is measured: a search by sentences, or by images where the split or the model has no sentences."""
    described = any(crop.captions for crop in benchmark.gallery)
    return TEXT_TO_IMAGE if reads_text and described else IMAGE_TO_IMAGE


def measure(
    encoder: ImageTextEncoder, benchmark: Benchmark, *, reads_text: bool, rerank: int = 0
) -> dict[str, float]:
    """Name of a metric -> percent (see `textreid.metrics.protocols.RetrievalResult`).

    Args:
        encoder: the model.
        benchmark: the split.
        reads_text: whether the model does.
        rerank: how many hits of each sentence its matcher puts into order, where sentences search.
    """
    asked = direction(benchmark, reads_text=reads_text)
    methods = Methods(rerank=rerank if asked == TEXT_TO_IMAGE else 0)
    return evaluate(encoder, benchmark, methods=methods, directions=[asked]).directions[asked].percent


def measure_attributes(
    model: JointModel,
    processor: JointProcessor,
    heads: Attributes,
    benchmark: Benchmark,
    groups: Mapping[str, tuple[str, ...]],
    *,
    device: str,
) -> dict[str, float]:
    """Mean accuracy, accuracy and F1 of the attribute heads, in percent.

    Nothing where no crop has attributes.

    Args:
        model: in evaluation mode, on the device.
        processor: of the model.
        heads: the loss `attributes` of the same run.
        benchmark: as `read` gives it.
        groups: attribute group -> its values, of the training data.
        device: that model and heads are on.
    """
    if not any(groups.keys() & crop.attributes.keys() for crop in benchmark.gallery):
        return {}
    result = validate_attributes(model, processor, heads, benchmark.gallery, groups, device=device)
    return {name: 100 * getattr(result, name) for name in ("mean_accuracy", "accuracy", "f1")}


def summary_line(measured: Mapping[str, Mapping[str, float]]) -> str:
    """One line of what was measured on each split."""
    names = {"R1": "R@1", "mAP": "mAP", "mean_accuracy": "attributes mA"}
    return ", ".join(
        f"{split} " + ", ".join(f"{name} {percent[key]:.2f}" for key, name in names.items() if key in percent)
        for split, percent in measured.items()
    )
