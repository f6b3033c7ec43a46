"""Recipes: what a training run does, as a TOML file whose stem is the recipe's name.

Unknown keys fail with the nearest right one; nothing is silently ignored.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from textreid.errors import InputError, UnknownNameError

T = TypeVar("T")


@dataclass(frozen=True)
class ModelRecipe:
    """Where the model starts.

    Attributes:
        init: "pretrained" (EfficientNet-Lite0 and MiniLM from the packages of the `train` extra), "scratch",
            or the name or folder of a joint model, whose sizes then hold whatever stands below.
        image_backbone: timm name, for "scratch".
        projection_dim: D, size of the joint space.
        text_layers: layers of the text tower.
        text_width: width of the text tower, for "scratch"; a multiple of 32.
        vocabulary: number of word pieces.
        frozen_text_layers: lower text layers that stay as they are, word embeddings included; 0: none.
        frozen_image_parts: modules of the image tower that stay as they are, such as "conv_stem", "bn1",
            "blocks.0"; the earliest are the largest part of the work and change least.
        text_dropout: share of the text tower's activations dropped in training; 0 is the fastest on a CPU.
        reads_text: False for a model of images alone.
        branches: name -> options of each branch beside the global vector (see `textreid.models.branches`).
        matcher: options of the matcher that reads an image and a sentence together; None without one.
        global_weight: share of the global vector in the search vector, beside the branches' own weights.
        keep: share of the starting weights in the model that is measured and saved, 0 to 1; the rest are the
            trained ones. Learns something new and forgets less (Wortsman et al., "Robust Fine-Tuning of
            Zero-Shot Models", CVPR 2022).
    """

    init: str = "pretrained"
    image_backbone: str = "tf_efficientnet_lite0"
    projection_dim: int = 384
    text_layers: int = 6
    text_width: int = 128
    vocabulary: int = 10_000
    frozen_text_layers: int = 0
    frozen_image_parts: tuple[str, ...] = ()
    text_dropout: float = 0.0
    reads_text: bool = True
    branches: dict[str, dict[str, Any]] = field(default_factory=dict)
    matcher: dict[str, Any] | None = None
    global_weight: float = 1.0
    keep: float = 0.0


@dataclass(frozen=True)
class DataRecipe:
    """One data set: an official one under `root`, or "synthetic" people drawn for this run.

    Attributes:
        name: a data set's name, or "synthetic".
        root: folder that holds it; not for "synthetic".
        split: which of its splits.
        identities: how many people to draw, for "synthetic".
        images: pictures of each of them.
        seed: which people.
    """

    name: str
    root: str = ""
    split: str = "train"
    identities: int = 0
    images: int = 4
    seed: int = 0


@dataclass(frozen=True)
class SamplerRecipe:
    """What a batch is; see `textreid.data.samplers.IdentitySampler`.

    Attributes:
        identities: P, different people of a batch.
        images: K, pictures of each.
    """

    identities: int = 32
    images: int = 2

    def __post_init__(self) -> None:
        _at_least(self, 1, "identities", "images")


@dataclass(frozen=True)
class AugmentRecipe:
    """How crops are varied in training.

    Attributes:
        flip: probability of a mirror image.
        pad: pixels added on each side before a random crop back to size.
        erase: probability that a rectangle of 2–20 % is erased (Zhong et al., "Random Erasing", AAAI 2020).
        jitter: strength of brightness, contrast and saturation changes; hue stays, captions name colours.
    """

    flip: float = 0.5
    pad: int = 10
    erase: float = 0.3
    jitter: float = 0.1

    def __post_init__(self) -> None:
        _at_least(self, 0, "flip", "pad", "erase", "jitter")


@dataclass(frozen=True)
class TextRecipe:
    """How sentences are varied in training.

    Attributes:
        predict: share of the tokens hidden in a second copy of each sentence, for the loss `mlm` to predict.
    """

    predict: float = 0.0

    def __post_init__(self) -> None:
        _at_least(self, 0, "predict")


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one resolution; the learning rate warms up, then falls by half a cosine.

    Attributes:
        epochs: how many.
        image_size: (height, width) in pixels.
        image_rate: peak learning rate of the image tower.
        text_rate: of the text tower.
        head_rate: of projections, necks and classifiers.
        final: share of the peak that is left at the end.
    """

    epochs: int
    image_size: tuple[int, int] = (256, 128)
    image_rate: float = 5e-4
    text_rate: float = 1e-4
    head_rate: float = 1e-3
    final: float = 0.0

    def __post_init__(self) -> None:
        _at_least(self, 1, "epochs")
        _at_least(self, 0, "image_rate", "text_rate", "head_rate", "final")
        if min(self.image_size) < 32:
            raise InputError(f"image_size is {list(self.image_size)}; both sides need 32 pixels or more.")


@dataclass(frozen=True)
class Recipe:
    """A whole training run.

    Attributes:
        description: what it is for, in a sentence.
        model: where the model starts.
        data: what it learns from.
        val: what chooses the best epoch (text→image R@1); None keeps the last.
        sampler: what a batch is.
        augment: how crops are varied.
        text: how sentences are varied.
        loss: name -> options of each loss.
        phases: stretches of training, one after the other.
        weight_decay: of AdamW.
        warmup: steps over which each phase's learning rate rises.
        clip: largest gradient norm.
        text_precision: arithmetic of the text tower, "bf16" or "fp32"; the image tower follows on a GPU.
        workers: processes that decode pictures; they change the speed, not the result.
        seed: of everything drawn at random.
    """

    description: str = ""
    model: ModelRecipe = field(default_factory=ModelRecipe)
    data: tuple[DataRecipe, ...] = ()
    val: DataRecipe | None = None
    sampler: SamplerRecipe = field(default_factory=SamplerRecipe)
    augment: AugmentRecipe = field(default_factory=AugmentRecipe)
    text: TextRecipe = field(default_factory=TextRecipe)
    loss: dict[str, dict[str, Any]] = field(default_factory=dict)
    phases: tuple[Phase, ...] = ()
    weight_decay: float = 0.05
    warmup: int = 200
    clip: float = 5.0
    text_precision: Literal["bf16", "fp32"] = "fp32"
    workers: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        _at_least(self, 0, "weight_decay", "warmup", "workers", "seed")
        if self.clip <= 0:
            raise InputError(f"clip is {self.clip}; it must be above 0.")


def _at_least(recipe: object, least: float, *names: str) -> None:
    for name in names:
        if getattr(recipe, name) < least:
            raise InputError(f"{name} is {getattr(recipe, name)}; it must be at least {least}.")


def recipe_folder() -> Path:
    """Where the recipes of this installation lie."""
    packaged = Path(__file__).parent / "configs"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "configs"


def recipe_names() -> list[str]:
    """The recipes that come with textreid."""
    return sorted(path.stem for path in recipe_folder().glob("*.toml"))


def load_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """A recipe by name or by the path of a TOML file, with "key.subkey=value" overrides (values in TOML).

    Raises:
        UnknownNameError: no such recipe or key.
        InputError: the file or an override is not TOML, or a value has the wrong type.
    """
    path = Path(name) if name.endswith(".toml") else recipe_folder() / f"{name}.toml"
    if not path.is_file():
        raise UnknownNameError("recipe", name, recipe_names())
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"'{path}' is not valid TOML: {error}") from error
    for override in overrides:
        _override(table, override)
    return build(Recipe, table, where=path.stem)


def with_root(recipe: Recipe, root: Path | None) -> Recipe:
    """The same recipe with `root` as the folder of every data set that names none."""
    if root is None:
        return recipe

    def place(data: DataRecipe) -> DataRecipe:
        return data if data.root or data.name == "synthetic" else dataclasses.replace(data, root=str(root))

    return dataclasses.replace(
        recipe, data=tuple(map(place, recipe.data)), val=recipe.val and place(recipe.val)
    )


def build(kind: type[T], table: Any, *, where: str) -> T:
    """A frozen config dataclass from a TOML table; nested tables become nested configs.

    Args:
        kind: the dataclass.
        table: what the file says.
        where: name of this place in messages.

    Raises:
        UnknownNameError: a key that `kind` does not have.
        InputError: a value of another type, or a missing key.
    """
    if not isinstance(table, dict):
        raise InputError(f"{where}: expected a table of settings, found {table!r}.")
    hints = typing.get_type_hints(kind)
    for key in table:
        if key not in hints:
            raise UnknownNameError(f"key in {where}", key, hints)
    values = {key: _convert(hints[key], value, where=f"{where}.{key}") for key, value in table.items()}
    needed = [f.name for f in dataclasses.fields(kind) if _required(f) and f.name not in values]  # type: ignore[arg-type]
    if needed:
        raise InputError(f"{where}: missing {', '.join(needed)}.")
    return kind(**values)


def _required(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _convert(hint: Any, value: Any, *, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (hint,) = (argument for argument in arguments if argument is not type(None))
        return None if value is None else _convert(hint, value, where=where)
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where=where)  # type: ignore[arg-type]
    if origin is Literal:
        if value not in arguments:
            raise UnknownNameError(f"choice for {where}", str(value), arguments)
        return value
    if origin is tuple and isinstance(value, list):
        fixed = arguments[-1] is not Ellipsis
        if fixed and len(value) != len(arguments):
            raise InputError(f"{where}: expected {len(arguments)} values, found {value!r}.")
        return tuple(_convert(arguments[0], item, where=f"{where}[{i}]") for i, item in enumerate(value))
    expected = dict if origin is dict else hint
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise InputError(f"{where}: expected {getattr(expected, '__name__', expected)}, found {value!r}.")
    return value


def _override(table: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals:
        raise InputError(f"'{override}' is not of the form key=value, such as phases.0.epochs=2.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a bare word
    *parents, last = key.strip().split(".")
    place: Any = table
    for name in parents:
        place = place[_index(place, name, key)] if isinstance(place, list) else place.setdefault(name, {})
        if not isinstance(place, dict | list):
            raise InputError(f"'{key}': '{name}' is a value, {place!r}, and has no settings of its own.")
    place[_index(place, last, key) if isinstance(place, list) else last] = value


def _index(place: list[Any], name: str, key: str) -> int:
    if not name.isdigit() or int(name) >= len(place):
        raise InputError(f"'{key}': '{name}' must be a number from 0 to {len(place) - 1}.")
    return int(name)
