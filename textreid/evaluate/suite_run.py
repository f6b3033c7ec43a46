"""A suite at work: every model on every data set, also on those it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textreid.data import datasets
from textreid.errors import InputError, TextReIDError
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.directions import choose_directions
from textreid.evaluate.domains import Domain, domain
from textreid.evaluate.evaluation import Evaluation, evaluate
from textreid.evaluate.groups import find_groups
from textreid.evaluate.methods import check
from textreid.evaluate.suite import Measure, Model, Suite
from textreid.types import ImageTextEncoder, ShowProgress


@dataclass(frozen=True)
class Row:
    """One model on one data set.

    Attributes:
        model: which.
        measure: what.
        evaluation: the result; None where it could not be measured.
        missing: why there is none.
    """

    model: Model
    measure: Measure
    evaluation: Evaluation | None
    missing: str = ""

    @property
    def domain(self) -> Domain:
        """Whether the model learned from the data set that it is measured on."""
        return domain(self.model.trained_on, self.measure.dataset)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of one row."""
        training = {"trained_on": list(self.model.trained_on), "domain": self.domain}
        if self.evaluation is None:
            names = {"dataset": self.measure.dataset, "split": self.measure.split, "model": self.model.name}
            return names | training | {"missing": self.missing}
        return self.evaluation.to_dict() | training


def run_suite(
    suite: Suite,
    root: Path,
    load: Callable[[str], ImageTextEncoder],
    *,
    image_folder: str = "",
    progress: ShowProgress | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[Row]:
    """Measure every model on every data set; what cannot be measured gives a row that says why.

    Args:
        suite: what to measure.
        root: the folder that holds the data sets' folders.
        load: a model by its name.
        image_folder: what the paths in tables of one's own lie below that name no folder themselves.
        progress: called with the progress of each encoding.
        note: called with what is measured next.

    Raises:
        UnknownNameError: the suite names a data set, split, direction or division that does not exist.
        InputError: no data set of the suite can be read, or one has not what a direction or method needs.
    """
    groups = [{name: find_groups(name) for name in measure.by} for measure in suite.measure]
    folders = datasets.image_folders([measure.dataset for measure in suite.measure], image_folder)
    benchmarks = [_read(measure, root, folders[measure.dataset]) for measure in suite.measure]
    if all(isinstance(benchmark, str) for benchmark in benchmarks):
        raise InputError("No data set of the suite can be read.\n" + "\n".join(map(str, benchmarks)))
    for model in suite.models:
        encoder = load(model.name)
        for measure, benchmark, by in zip(suite.measure, benchmarks, groups, strict=True):
            if isinstance(benchmark, str):
                yield Row(model, measure, None, benchmark)
                continue
            note(f"{model.name} on {measure.dataset} {measure.split}")
            wanted, methods = measure.directions, measure.methods
            try:
                evaluation = evaluate(
                    encoder, benchmark, methods=methods, directions=wanted, by=by, progress=progress
                )
            except TextReIDError as error:  # what others gave in hours stays
                yield Row(model, measure, None, str(error))
            else:
                yield Row(model, measure, evaluation)


def _read(measure: Measure, root: Path, image_folder: str) -> Benchmark | str:
    """The benchmark, or why it cannot be read."""
    place, images = measure.root or root, measure.image_folder or image_folder
    try:
        benchmark = Benchmark.read(measure.dataset, place, measure.split, images)
    except InputError as error:
        return str(error)
    check(measure.methods, benchmark, choose_directions(benchmark, measure.directions))
    return benchmark
