"""What is measured after each epoch, and when all stages are over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from textreid.data.attributes.space import with_attributes
from textreid.data.training_set import locate
from textreid.errors import InputError
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.directions import TEXT_TO_IMAGE, direction_of
from textreid.evaluate.evaluation import evaluate
from textreid.evaluate.methods import Methods
from textreid.inference.encoder import Encoder
from textreid.inference.reranker import RERANKED_HITS, image_matcher_of
from textreid.losses.attributes import Attributes
from textreid.models.folder import save_model
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.data import DataRecipe
from textreid.training.attribute_validation import validate_attributes
from textreid.training.objective import Objective
from textreid.training.run import TrainingRun
from textreid.types import ImageTextEncoder


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
    benchmark = Benchmark.read(*locate(recipe, out), recipe.split, recipe.image_folder)
    return replace(benchmark, gallery=tuple(with_attributes(benchmark.gallery, recipe)))


def measure(encoder: ImageTextEncoder, benchmark: Benchmark, *, rerank: int = 0) -> dict[str, float]:
    """Name of a metric -> percent (see `textreid.metrics.protocols.RetrievalResult`).

    Args:
        encoder: the model.
        benchmark: the split.
        rerank: how many hits of each query its matcher of that kind puts into order, if it has one.
    """
    asked = direction_of(benchmark, reads_text=encoder.reads_text)
    matcher = encoder.matcher if asked == TEXT_TO_IMAGE else image_matcher_of(encoder)
    methods = Methods(rerank=rerank if matcher is not None and not benchmark.single_shot else 0)
    return evaluate(encoder, benchmark, methods=methods, directions=[asked]).directions[asked].percent


def keep_best(
    run: TrainingRun, model: JointModel, processor: JointProcessor, objective: Objective, epoch: int
) -> None:
    """Keep the model if it is the best so far on the first validation split, or if there is none.

    Args:
        run: the run, in its first process.
        model: as it is after the epoch.
        processor: of the model.
        objective: its attribute heads are measured too, if it has any.
        epoch: epochs of the run that are over.
    """
    run.require_finite(model, processor)
    if run.recipe.save_epochs:
        save_model(model, processor, run.folder.epoch(epoch))
    if run.val:
        encoder = run.encoder(model, processor)
        measured = {
            name: measure(encoder, benchmark)
            | _measure_attributes(run, model, processor, objective, benchmark)
            for name, benchmark in run.val.items()
        }
        (first, chosen), *others = measured.items()
        if run.log is not None:
            row = {"epoch": epoch, "val": chosen, **({"also": dict(others)} if others else {})}
            run.log.add(run.state.steps, "validation", row)
        run.reporter.note(f"epoch {epoch}: {summary_line(measured)}")
        if chosen["R1"] <= run.state.best:
            return
        run.state.best, run.state.unmeasured = chosen["R1"], False
        run.state.chosen = {"epoch": epoch, "chosen_by": f"R1 of {first}", "val": measured}
    run.store_model(model, processor)


def measure_finished(run: TrainingRun) -> None:
    """Measure what stages have made of the model since it was measured, with its matchers too."""
    if not (run.is_first and run.val and run.state.unmeasured):
        return
    encoder, best = Encoder.load(run.kept_folder, device=run.device), dict(run.state.chosen)
    before = best.get("val", {})
    best["val"] = {
        name: before.get(name, {}) | measure(encoder, benchmark) for name, benchmark in run.val.items()
    }
    run.reporter.note(f"vectors of the finished model: {summary_line(best['val'])}")
    if encoder.matcher is not None or encoder.image_matcher is not None:
        best["matched"] = {
            name: measure(encoder, benchmark, rerank=RERANKED_HITS) for name, benchmark in run.val.items()
        }
        found = summary_line(best["matched"])
        run.reporter.note(f"first {RERANKED_HITS} put into order by the matcher: {found}")
    run.state.chosen, run.state.unmeasured = best, False


def _measure_attributes(
    run: TrainingRun,
    model: JointModel,
    processor: JointProcessor,
    objective: Objective,
    benchmark: Benchmark,
) -> dict[str, float]:
    """Mean accuracy, accuracy and F1 of the attribute heads, in percent; nothing where either has none."""
    groups = run.data.groups
    described = any(groups.keys() & crop.attributes.keys() for crop in benchmark.gallery)
    if "attributes" not in objective.terms or not described:
        return {}
    heads = cast(Attributes, objective.terms["attributes"])
    result = validate_attributes(model, processor, heads, benchmark.gallery, groups, device=run.device)
    return {name: 100 * getattr(result, name) for name in ("mean_accuracy", "accuracy", "f1")}


def summary_line(measured: Mapping[str, Mapping[str, float]]) -> str:
    """One line of what was measured on each split."""
    names = {"R1": "R@1", "mAP": "mAP", "mean_accuracy": "attributes mA"}
    return ", ".join(
        f"{split} " + ", ".join(f"{name} {percent[key]:.2f}" for key, name in names.items() if key in percent)
        for split, percent in measured.items()
    )
