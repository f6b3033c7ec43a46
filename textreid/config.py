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
            or the name, folder or hub id of a joint model, a CLIP or a SigLIP, whose sizes then hold whatever
            stands below.
        image_init: where the image tower comes from, if not from `init`: as there, or a timm checkpoint such
            as "timm/resnet50.tv_in1k", or a safetensors file of weights for `image_backbone`.
        text_init: where the text tower comes from, if not from `init`: as there, or any encoder of
            transformers or sentence-transformers, such as "bert-base-uncased".
        image_backbone: name of an image tower, for "scratch" and files of weights.
        image_options: options of the image tower (see `textreid.models.backbones`).
        text_kept: numbers of the layers that stay of a joint model's text tower, from 0; empty: all of them.
        text_length: tokens that a sentence may have; 0: as many as the tower was trained with. More stretches
            its position table.
        projection_dim: D, size of the joint space.
        text_layers: layers of the text tower.
        text_width: width of the text tower, for "scratch"; a multiple of 32.
        vocabulary: number of word pieces.
        frozen: modules that stay as they are, such as "text_tower.embeddings" or "image_tower.blocks.0"; the
            earliest are the largest part of the work and change least.
        text_dropout: share of the text tower's activations dropped in training; 0 is the fastest on a CPU.
        reads_text: False for a model of images alone.
        branches: name -> options of each branch beside the global vector (see `textreid.models.branches`).
        matcher: options of the matcher that reads an image and a sentence together; None without one, even if
            the model of `init` has one.
        global_weight: share of the global vector in the search vector, beside the branches' own weights.
        neck_weight: share of the same vector behind a batch-normalised neck, which losses see as the view
            "neck"; 0 for a model without one.
        hubs: how many sentences near a picture tell how much of a hub it is, once training has ended (200 is
            usual); 0 does nothing about hubs. See `textreid.training.stages.hubness`.
        keep: share of the starting weights in the model that is measured and saved, 0 to 1; the rest are the
            trained ones. Learns something new and forgets less (Wortsman et al., "Robust Fine-Tuning of
            Zero-Shot Models", CVPR 2022).
    """

    init: str = "pretrained"
    image_init: str = ""
    text_init: str = ""
    image_backbone: str = "tf_efficientnet_lite0"
    image_options: dict[str, Any] = field(default_factory=dict)
    text_kept: tuple[int, ...] = ()
    text_length: int = 0
    projection_dim: int = 384
    text_layers: int = 6
    text_width: int = 128
    vocabulary: int = 10_000
    frozen: tuple[str, ...] = ()
    text_dropout: float = 0.0
    reads_text: bool = True
    branches: dict[str, dict[str, Any]] = field(default_factory=dict)
    matcher: dict[str, Any] | None = None
    global_weight: float = 1.0
    neck_weight: float = 0.0
    hubs: int = 0
    keep: float = 0.0

    def __post_init__(self) -> None:
        _at_least(self, 0, "hubs")


@dataclass(frozen=True)
class DataRecipe:
    """One data set: an official one under `root`, or "synthetic" people drawn for this run.

    Attributes:
        name: a data set's name, or "synthetic".
        root: folder that holds it; not for "synthetic".
        split: which of its splits.
        identities: how many people to draw, for "synthetic"; seven in ten are its train split.
        images: pictures of each of them.
        seed: which people.
        trust: source of captions, as the data set names it -> how far they are believed, 0 to 1; 1 for
            sources that are not named. Losses between images and sentences count a pair by it.
        attributes: where more attributes come from than the data set has: "captions", or the path of an
            annotation file; see `textreid.data.attributes.space`.
    """

    name: str
    root: str = ""
    split: str = "train"
    identities: int = 0
    images: int = 4
    seed: int = 0
    trust: dict[str, float] = field(default_factory=dict)
    attributes: str = ""

    def __post_init__(self) -> None:
        for source, trust in self.trust.items():
            if not 0 <= trust <= 1:
                raise InputError(f"trust.{source} is {trust}; it must be between 0 and 1.")


@dataclass(frozen=True)
class SamplerRecipe:
    """What a batch is; see `textreid.data.samplers.IdentitySampler`.

    Attributes:
        identities: P, different people of a batch.
        images: K, pictures of each.
        balance: let every data set have the same share of an epoch, however large it is.
        alike: look-alikes that each person brings into a batch, found anew before every epoch; see
            `textreid.training.mining.hard_identities`.
    """

    identities: int = 32
    images: int = 2
    balance: bool = False
    alike: int = 0

    def __post_init__(self) -> None:
        _at_least(self, 1, "identities", "images")
        _at_least(self, 0, "alike")


@dataclass(frozen=True)
class AugmentRecipe:
    """How crops are varied in training; see `textreid.data.image_augment`.

    Attributes:
        flip: probability of a mirror image.
        pad: pixels added on each side before a random crop back to size.
        erase: probability that a rectangle of `erase_area` is erased (Zhong et al., "Random Erasing", AAAI
            2020).
        erase_with: what with: "mean", the colour that is 0 after normalisation, "colour", one at random, or
            "noise", one for each pixel.
        erase_area: smallest and largest share of the crop.
        jitter: strength of brightness, contrast and saturation changes; hue stays, captions name colours.
        policy: "randaugment" (Cubuk et al., 2020) or "autoaugment" (Cubuk et al., 2019), or "" for neither;
            both turn colours too.
        policy_share: probability of the policy.
        grey: probability that a rectangle of 2–40 % loses its colours (Gong et al., "A Person
            Re-identification Data Augmentation Method with Adversarial Defense Effect", 2021); captions name
            colours, so this is for training on images.
        grey_all: probability that the whole crop does.
    """

    flip: float = 0.5
    pad: int = 10
    erase: float = 0.3
    erase_with: Literal["mean", "colour", "noise"] = "mean"
    erase_area: tuple[float, float] = (0.02, 0.2)
    jitter: float = 0.1
    policy: Literal["", "randaugment", "autoaugment"] = ""
    policy_share: float = 0.1
    grey: float = 0.0
    grey_all: float = 0.0

    def __post_init__(self) -> None:
        _at_least(self, 0, "pad", "jitter")
        _share(self, "flip", "erase", "policy_share", "grey", "grey_all")
        low, high = self.erase_area
        if not 0 < low <= high <= 1:
            raise InputError(
                f"erase_area is {list(self.erase_area)}; it must be two shares, the smaller first."
            )


@dataclass(frozen=True)
class TextRecipe:
    """How sentences are varied in training; see `textreid.data.text_augment`.

    Attributes:
        shuffle: probability that the sentences of a caption change places.
        clauses: share of the clauses ("with a black backpack", "and blue jeans") that are left out.
        synonyms: share of the words with synonyms that are replaced by one.
        delete: share of the words that are left out.
        mask: share of the tokens that are hidden.
        predict: share of the tokens hidden in a second copy of each sentence, for the loss `mlm` to predict.
    """

    shuffle: float = 0.0
    clauses: float = 0.0
    synonyms: float = 0.0
    delete: float = 0.0
    mask: float = 0.0
    predict: float = 0.0

    def __post_init__(self) -> None:
        _share(self, "shuffle", "clauses", "synonyms", "delete", "mask", "predict")


@dataclass(frozen=True)
class NoiseRecipe:
    """How wrong pairs of images and sentences are found (see `textreid.training.mining.noisy_pairs`).

    Attributes:
        warmup: epochs in which all pairs are believed, before each of the others looks for wrong ones.
    """

    warmup: int = 1

    def __post_init__(self) -> None:
        _at_least(self, 1, "warmup")


@dataclass(frozen=True)
class LockedRecipe:
    """A stretch of training, after the phases, in which one tower learns and the other stands still.

    See `textreid.training.stages.locked.stage`.

    Attributes:
        still: the tower that is locked. With "image" sentences and the matcher learn, each sentence against
            all pictures that have sentences, and `text_rate`, `nearest` and `wrong` count. With "text" the
            image tower learns, each picture against all sentences, and `image_rate`, `identification` and
            `stay` count.
        epochs: over all sentences, or all pictures.
        batch: sentences, or pictures, of a step.
        image_rate: peak learning rate of the image tower.
        text_rate: peak learning rate of the text tower.
        head_rate: peak learning rate of what follows a tower, and of the matcher.
        temperature: that cosines are divided by.
        person: how much of each choice should fall to all of the person alike; the rest should fall to the
            very picture or sentence that belongs to the other.
        views: versions of what stands still: as it is, and so many less one varied as in training.
        nearest: wrong pictures that a search for the sentence finds first, for the matcher to see some of.
        wrong: how many of them it is shown beside the sentence's own picture.
        identification: weight of telling all people of the training data apart by their pictures.
        stay: weight of the distance that pictures without sentences have moved: 1 - cosine.
    """

    still: Literal["image", "text"] = "image"
    epochs: int = 4
    batch: int = 64
    image_rate: float = 1e-4
    text_rate: float = 2e-4
    head_rate: float = 5e-4
    temperature: float = 0.03
    person: float = 0.3
    views: int = 2
    nearest: int = 100
    wrong: int = 7
    identification: float = 0.5
    stay: float = 5.0

    def __post_init__(self) -> None:
        _at_least(self, 1, "epochs", "batch", "views", "nearest", "wrong")
        _at_least(self, 0, "image_rate", "text_rate", "head_rate", "identification", "stay")
        _above(self, 0, "temperature")
        _share(self, "person")


@dataclass(frozen=True)
class OptimizerRecipe:
    """How gradients become changes of the weights; the rates themselves belong to a `Phase`.

    Attributes:
        name: "adamw", "adam" (the decay is part of the gradient) or "sgd" (with Nesterov's momentum).
        weight_decay: of matrices and kernels; gains and biases are not pulled to zero.
        betas: memory of the mean and of the square of gradients, for "adamw" and "adam".
        epsilon: added to the root of the latter, for "adamw" and "adam".
        momentum: memory of the gradients, for "sgd".
        bias_factor: factor in the rate of biases.
        layer_decay: factor in the rate of each layer of a tower, from its last down to its first; 1 for none
            (Clark et al., "ELECTRA", ICLR 2020).
        clip: largest norm of the model's gradient.
    """

    name: Literal["adamw", "adam", "sgd"] = "adamw"
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    momentum: float = 0.9
    bias_factor: float = 1.0
    layer_decay: float = 1.0
    clip: float = 5.0

    def __post_init__(self) -> None:
        _at_least(self, 0, "weight_decay", "momentum", "bias_factor")
        _above(self, 0, "epsilon", "layer_decay", "clip")


@dataclass(frozen=True)
class Phase:
    """A stretch of training at one resolution; the learning rate warms up, then falls.

    Attributes:
        epochs: how many.
        image_size: (height, width) in pixels.
        image_rate: peak learning rate of the image tower.
        text_rate: of the text tower.
        head_rate: of projections, branches, necks and classifiers.
        warmup: epochs over which the rate rises to its peak; a quarter of the phase at most.
        schedule: how it falls after that: by half a "cosine", or in "steps".
        final: share of the peak that is left at the end of the cosine.
        drops: epochs of this phase after which a rate that falls in steps is multiplied by `drop`.
        drop: that factor.
        frozen: modules that stay as they are in this phase alone, such as "image_tower".
    """

    epochs: int
    image_size: tuple[int, int] = (256, 128)
    image_rate: float = 5e-4
    text_rate: float = 1e-4
    head_rate: float = 1e-3
    warmup: float = 0.4
    schedule: Literal["cosine", "steps"] = "cosine"
    final: float = 0.0
    drops: tuple[int, ...] = ()
    drop: float = 0.1
    frozen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _at_least(self, 1, "epochs")
        _at_least(self, 0, "image_rate", "text_rate", "head_rate", "warmup", "final", "drop")
        if min(self.image_size) < 32:
            raise InputError(f"image_size is {list(self.image_size)}; both sides need 32 pixels or more.")


@dataclass(frozen=True)
class Recipe:
    """A whole training run.

    Attributes:
        description: what it is for, in a sentence.
        model: where the model starts.
        data: what it learns from.
        val: what is measured after each epoch; the first chooses the best one, by R@1 of sentences, or of
            query images where there are no sentences. None keeps the last.
        sampler: what a batch is.
        augment: how crops are varied.
        text: how sentences are varied.
        loss: name -> options of each loss.
        noise: how wrong pairs of images and sentences are found; None believes them all.
        phases: stretches of training, one after the other.
        locked: stretches after them in which one tower stands still.
        optimizer: how gradients become changes of the weights.
        accumulate: batches whose gradients are added up for one change of the weights. Losses compare the
            rows of one batch only.
        average: memory of a moving average of the weights, such as 0.999, which is then what is measured and
            saved; 0 for the weights themselves.
        precision: arithmetic of the towers, where another than "fp32" is faster: of both on a GPU, of the
            text tower alone on a CPU ("bf16" only).
        recompute: save memory by computing the towers' activations twice (gradient checkpointing).
        keep_epochs: keep the model of every epoch, in `epochs/NUMBER`, beside the chosen one.
        workers: processes that decode pictures; they change the speed, not the result.
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
    phases: tuple[Phase, ...] = ()
    locked: tuple[LockedRecipe, ...] = ()
    optimizer: OptimizerRecipe = field(default_factory=OptimizerRecipe)
    accumulate: int = 1
    average: float = 0.0
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    recompute: bool = False
    keep_epochs: bool = False
    workers: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        _at_least(self, 0, "workers", "seed", "average")
        _at_least(self, 1, "accumulate")
        if self.average >= 1:
            raise InputError(f"average is {self.average}; it must be below 1.")


def _above(recipe: object, limit: float, *names: str) -> None:
    for name in names:
        if getattr(recipe, name) <= limit:
            raise InputError(f"{name} is {getattr(recipe, name)}; it must be above {limit}.")


def _share(recipe: object, *names: str) -> None:
    for name in names:
        if not 0 <= getattr(recipe, name) <= 1:
            raise InputError(f"{name} is {getattr(recipe, name)}; it must be between 0 and 1.")


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

    return dataclasses.replace(recipe, data=tuple(map(place, recipe.data)), val=tuple(map(place, recipe.val)))


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
    if origin is tuple and isinstance(value, dict):
        value = [value]  # one table stands for a list of one
    if origin is tuple and isinstance(value, list):
        fixed = arguments[-1] is not Ellipsis
        if fixed and len(value) != len(arguments):
            raise InputError(f"{where}: expected {len(arguments)} values, found {value!r}.")
        return tuple(_convert(arguments[0], item, where=f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict) and arguments[1] is not Any:
        return {key: _convert(arguments[1], item, where=f"{where}.{key}") for key, item in value.items()}
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
