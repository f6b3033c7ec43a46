"""Suites: many models measured on many data sets, also on those they were not trained on."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textreid.config import build
from textreid.errors import InputError, ModelError, UnknownNameError, refuse_old_rerank, warn_renamed
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.directions import choose_directions
from textreid.evaluate.domains import Domain, domain
from textreid.evaluate.epoch_choice import is_run
from textreid.evaluate.evaluation import Evaluation, evaluate
from textreid.evaluate.groups import find_groups
from textreid.evaluate.methods import Methods, check
from textreid.io.run_folder import RunFolder
from textreid.types import ImageTextEncoder, ShowProgress

FOLDER = Path(__file__).parent / "suites"


@dataclass(frozen=True)
class Model:
    """One model of a suite.

    Attributes:
        name: as `--model` takes it; a run's folder stands for the model that it chose on val.
        trained_on: names of data sets; empty: read from the recipe of the run it comes from, if there is one.
    """

    name: str
    trained_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """One data set of a suite.

    Attributes:
        dataset: its name.
        split: which part of it.
        directions: which; empty: those that papers report.
        by: divisions of the queries, such as "source".
        methods: what the search does beyond the cosine.
        root: the folder that holds it; "": the suite's.
    """

    dataset: str
    split: str = "test"
    directions: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    methods: Methods = field(default_factory=Methods)
    root: str = ""


@dataclass(frozen=True)
class Suite:
    """What is measured, as a TOML file says it.

    Attributes:
        measure: the data sets.
        models: each is measured on every data set.
        description: one line.
        name: the file's stem.
    """

    measure: tuple[Measure, ...]
    models: tuple[Model, ...] = (Model("pocket"),)
    description: str = ""
    name: str = ""


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


def suite_names() -> list[str]:
    """The suites that come with textreid."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_suite(name: str, models: Sequence[str] = ()) -> Suite:
    """A suite by name or by the path of a TOML file, for its own models or others.

    Raises:
        UnknownNameError: no such suite or key.
        InputError: the file is not TOML, or a value has the wrong type.
    """
    path = Path(name).expanduser() if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        raise UnknownNameError("suite", name, suite_names())
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is not valid TOML: {error}") from error
    suite = replace(build(Suite, _with_new_keys(table), where=path.stem), name=path.stem)
    chosen = tuple(map(Model, models)) or suite.models
    return replace(suite, models=tuple(map(_with_training, chosen)))


def run_suite(
    suite: Suite,
    root: Path,
    load: Callable[[str], ImageTextEncoder],
    *,
    progress: ShowProgress | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[Row]:
    """Measure every model on every data set; what cannot be measured gives a row that says why.

    Args:
        suite: what to measure.
        root: the folder that holds the data sets' folders.
        load: a model by its name.
        progress: called with the progress of each encoding.
        note: called with what is measured next.

    Raises:
        UnknownNameError: the suite names a data set, split, direction or division that does not exist.
        InputError: no data set of the suite can be read, or one has not what a direction or method needs.
    """
    groups = [{name: find_groups(name) for name in measure.by} for measure in suite.measure]
    benchmarks = [_read(measure, root) for measure in suite.measure]
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
            except (InputError, ModelError) as error:  # what others gave in hours stays
                yield Row(model, measure, None, str(error))
            else:
                yield Row(model, measure, evaluation)


def _with_new_keys(suite: dict[str, Any]) -> dict[str, Any]:
    """The table of a suite with the keys of version 0.1 spelled as they are now.

    Raises:
        InputError: `rerank` is a bool, which meant k-reciprocal re-ranking.
    """
    measures = suite.get("measure")
    if not isinstance(measures, list):
        return suite
    return suite | {"measure": [_with_new_methods(measure) for measure in measures]}


def _with_new_methods(measure: dict[str, Any]) -> dict[str, Any]:
    methods = dict(measure.get("methods", {}))
    refuse_old_rerank(methods.get("rerank"))
    if "match" in methods:
        methods["rerank"] = methods.pop("match")
        warn_renamed("match", "rerank")
    return measure | {"methods": methods}


def _read(measure: Measure, root: Path) -> Benchmark | str:
    """The benchmark, or why it cannot be read."""
    try:
        benchmark = Benchmark.read(measure.dataset, measure.root or root, measure.split)
    except InputError as error:
        return str(error)
    check(measure.methods, benchmark, choose_directions(benchmark, measure.directions))
    return benchmark


def _with_training(model: Model) -> Model:
    """Of a run's folder its model; and with the data sets that the recipe of the run names."""
    if is_run(model.name):
        model = replace(model, name=str(RunFolder(Path(model.name)).model))
    recipe = RunFolder.of_model(model.name).recipe
    if model.trained_on or not recipe.is_file():
        return model
    try:
        data = json.loads(recipe.read_text(encoding="utf-8"))["data"]
        return replace(model, trained_on=tuple(dict.fromkeys(entry["name"] for entry in data)))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"'{recipe}' is not the recipe of a training run: {error}") from error
