"""Suites: which models are measured on which data sets, as a TOML file says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textreid.config import build
from textreid.errors import InputError, UnknownNameError, refuse_old_rerank, warn_renamed
from textreid.evaluate.epoch_choice import is_run
from textreid.evaluate.methods import Methods
from textreid.io.plain_data import parse_toml, read_json
from textreid.io.run_folder import RunFolder
from textreid.io.typed_path import typed_path

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
        image_folder: what the paths in a table of one's own lie below, if not below its own folder; "": the
            suite's, if that has one.
    """

    dataset: str
    split: str = "test"
    directions: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    methods: Methods = field(default_factory=Methods)
    root: str = ""
    image_folder: str = ""


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


def suite_names() -> list[str]:
    """The suites that come with textreid."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_suite(name: str, models: Sequence[str] = ()) -> Suite:
    """A suite by name or by the path of a TOML file, for its own models or others.

    Raises:
        UnknownNameError: no such suite or key.
        InputError: the file is not TOML, or a value has the wrong type.
    """
    path = typed_path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        raise UnknownNameError("suite", name, suite_names())
    try:
        table = parse_toml(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"'{path}' is not valid TOML: {error}") from error
    suite = replace(build(Suite, _with_new_keys(table), where=path.stem), name=path.stem)
    chosen = tuple(map(Model, models)) or suite.models
    return replace(suite, models=tuple(map(_with_training, chosen)))


def _with_new_keys(suite: dict[str, Any]) -> dict[str, Any]:
    """The table of a suite with the keys of version 0.1 spelled as they are now.

    Raises:
        InputError: `rerank` is a bool, which meant k-reciprocal re-ranking.
    """
    measures = suite.get("measure")
    if not isinstance(measures, list):
        return suite
    return suite | {"measure": [_with_new_methods(measure) for measure in measures]}


def _with_new_methods(measure: Any) -> Any:
    methods = measure.get("methods") if isinstance(measure, dict) else None
    if not isinstance(methods, dict):
        return measure
    refuse_old_rerank(methods.get("rerank"))
    if "match" not in methods:
        return measure
    warn_renamed("match", "rerank")
    renamed = {"rerank" if key == "match" else key: value for key, value in methods.items()}
    return measure | {"methods": renamed}


def _with_training(model: Model) -> Model:
    """Of a run's folder its model; and with the data sets that the recipe of the run names."""
    if is_run(model.name):
        model = replace(model, name=str(RunFolder.at(model.name).model))
    recipe = RunFolder.of_model(model.name).recipe
    if model.trained_on or not recipe.is_file():
        return model
    try:
        names = [entry["name"] for entry in read_json(recipe)["data"]]
        return replace(model, trained_on=tuple(dict.fromkeys(names)))
    except (LookupError, TypeError) as error:
        raise InputError(f"'{recipe}' is not the recipe of a training run: {error}") from error
