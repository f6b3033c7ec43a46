"""Recipes: what a training run does, as a TOML file whose stem is the recipe's name.

Unknown keys fail with the nearest right one; nothing is silently ignored.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from textreid.config import LARGEST_SEED, build, require_between, require_proper_fraction
from textreid.errors import InputError, UnknownNameError
from textreid.io.installation import package_folder
from textreid.io.plain_data import parse_toml
from textreid.io.typed_path import typed_path
from textreid.recipe.augment import AugmentRecipe, TextRecipe
from textreid.recipe.data import DataRecipe, SamplerRecipe
from textreid.recipe.model import ModelRecipe
from textreid.recipe.old_tables import override_of_stages, to_stages
from textreid.recipe.renamed import Tell, rename_keys, rename_override, silent
from textreid.recipe.training import NoiseRecipe, OptimizerRecipe


@dataclass(frozen=True)
class Recipe:
    """A whole training run.

    Attributes:
        description: what it is for, in one line.
        model: where the model starts.
        data: what it learns from.
        val: what is measured after each epoch; the first chooses the best one, by R@1 of captions, or of
            query images where there are no captions. Without one the last epoch is saved.
        sampler: what a batch is.
        augment: how crops are varied.
        text: how captions are varied.
        loss: name -> options of each loss.
        noise: how wrong pairs of crops and captions are found; None believes them all.
        teacher: name, folder or hub id of the model that the loss `distillation` learns from; "" for none.
        stages: what is trained, one after the other: tables with the `name` of a stage and its options; see
            `textreid.training.stages`.
        optimizer: how gradients become changes of the weights.
        accumulate: batches whose gradients are added up for one change of the weights. Losses compare the
            rows of one batch only.
        average: memory of a moving average of the weights, such as 0.999, which is then what is measured and
            saved; 0 for the weights themselves.
        precision: arithmetic of the towers, where another than "fp32" is faster: of both on a GPU, of the
            text tower alone on a CPU ("bf16" only).
        recompute: save memory by computing the towers' activations twice (gradient checkpointing).
        save_epochs: save the model of every epoch, in `epochs/NUMBER`, beside the chosen one.
        workers: processes that decode images; they change the speed, not the result.
        seed: of everything drawn at random.
    """

    description: str = ""
    model: ModelRecipe = field(default_factory=ModelRecipe)
    data: tuple[DataRecipe, ...] = ()
    val: tuple[DataRecipe, ...] = ()
    sampler: SamplerRecipe = field(default_factory=SamplerRecipe)
    augment: AugmentRecipe = field(default_factory=AugmentRecipe)
    text: TextRecipe = field(default_factory=TextRecipe)
    loss: dict[str, dict[str, Any]] = field(default_factory=dict)
    noise: NoiseRecipe | None = None
    teacher: str = ""
    stages: tuple[dict[str, Any], ...] = ()
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    accumulate: int = 1
    average: float = 0.0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    recompute: bool = False
    save_epochs: bool = False
    workers: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        require_between(self, 0, 256, "workers")
        require_between(self, 0, LARGEST_SEED, "seed")
        require_between(self, 1, 100_000, "accumulate")
        require_proper_fraction(self, "average")


def recipe_folder() -> Path:
    """Where the recipes of this installation lie."""
    package = package_folder()
    packaged = package / "configs"
    return packaged if packaged.is_dir() else package.parent / "configs"


def recipe_names() -> list[str]:
    """The recipes that come with textreid."""
    return sorted(path.stem for path in recipe_folder().glob("*.toml"))


def load_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe by name or by the path of a TOML file, with "key.subkey=value" overrides (values in TOML).

    Keys that have another name today still work; a line on stderr says the new one.

    Raises:
        UnknownNameError: no such recipe or key.
        InputError: the file or an override is not TOML, or a value has the wrong type.
    """
    path = typed_path(name) if name.endswith(".toml") else recipe_folder() / typed_path(f"{name}.toml")
    try:
        if not path.is_file():
            raise UnknownNameError("recipe", name, recipe_names())
        table = parse_toml(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"Cannot read '{path}': {error}") from error
    except ValueError as error:
        raise InputError(f"'{path}' is not valid TOML: {error}") from error
    table = to_stages(rename_keys(table, _tell), _tell)
    for override in overrides:
        _override(table, override)
    return build(Recipe, table, where=path.stem)


def read_recipe(table: dict[str, Any], *, where: str, tell: Tell = silent) -> Recipe:
    """A recipe from its table, of this version or of one before.

    Args:
        table: such as a run's recipe.json holds.
        where: name of the table in messages.
        tell: is told which keys have another name today.

    Raises:
        UnknownNameError: an unknown key.
        InputError: a value of the wrong type.
    """
    return build(Recipe, to_stages(rename_keys(table, tell), tell), where=where)


def with_root(recipe: Recipe, root: Path | None) -> Recipe:
    """The same recipe with `root` as the folder of every data set that names none."""
    if root is None:
        return recipe

    def place(data: DataRecipe) -> DataRecipe:
        return data if data.root or data.name == "synthetic" else dataclasses.replace(data, root=str(root))

    return dataclasses.replace(recipe, data=tuple(map(place, recipe.data)), val=tuple(map(place, recipe.val)))


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals:
        raise InputError(f"'{override}' is not of the form key=value, such as stages.0.epochs=2.")
    try:
        value = parse_toml(f"value = {text}")["value"]
    except ValueError:
        value = text.strip()  # a bare word
    key, value = rename_override(key.strip(), value, _tell)
    key, value = override_of_stages(table.setdefault("stages", []), key, value, _tell)
    *parents, last = key.split(".")
    place: Any = table
    for name in parents:
        place = place[_index(place, name, key)] if isinstance(place, list) else place.setdefault(name, {})
        if not isinstance(place, dict | list):
            raise InputError(f"'{key}': '{name}' is a value, {place!r}, and has no settings of its own.")
    place[_index(place, last, key) if isinstance(place, list) else last] = value


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _index(place: list[Any], name: str, key: str) -> int:
    if name not in map(str, range(len(place))):
        raise InputError(f"'{key}': '{name}' must be a number from 0 to {len(place) - 1}.")
    return int(name)
