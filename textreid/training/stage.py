"""Stages of training: each is a file in `textreid.training.stages` with a `Config` and a function `run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from textreid import registry
from textreid.config import build
from textreid.errors import InputError
from textreid.recipe.recipe import Recipe
from textreid.training import stages

if TYPE_CHECKING:
    from textreid.training.run import TrainingRun


class StageConfig:
    """What the `Config` of every stage inherits from; it is a frozen dataclass."""

    def check(self, recipe: Recipe) -> None:
        """Raise `InputError` where the recipe lacks what the stage needs, before anything is trained."""


@dataclass(frozen=True)
class Stage:
    """One stage of a recipe.

    Attributes:
        name: stem of its file.
        config: its options.
        run: trains it, going on from where the run is.
    """

    name: str
    config: Any
    run: Callable[[TrainingRun, Any], None]

    @property
    def table(self) -> dict[str, Any]:
        """The table of a recipe that says the same, defaults included."""
        return {"name": self.name, **asdict(self.config)}


def read_stages(recipe: Recipe) -> list[Stage]:
    """The stages of a recipe, in order.

    Raises:
        InputError: there is none, a table names no stage, an option has a wrong value, or the recipe lacks
            what a stage needs.
        UnknownNameError: a stage or an option that does not exist.
    """
    if not recipe.stages:
        raise InputError("The recipe trains nothing: give it a [[stages]] table or more.")
    read = [_read(table, f"stages[{number}]") for number, table in enumerate(recipe.stages)]
    for stage in read:
        stage.config.check(recipe)
    return read


def _read(table: dict[str, Any], where: str) -> Stage:
    options = dict(table)
    name = options.pop("name", None)
    if name is None:
        raise InputError(f"{where}: missing name, such as {', '.join(registry.names(stages))}.")
    module: Any = registry.load(stages, name, kind="stage of training")
    return Stage(name, build(module.Config, options, where=where), module.run)
