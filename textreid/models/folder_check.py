"""What is looked at before anything of a model folder is built: its files, digests, and what it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from textreid.errors import ModelError
from textreid.io.plain_data import parse_json
from textreid.io.weights_header import count_weights, read_shapes
from textreid.models.weights import check_digests

CONVERT = (
    "Convert a .pth or .bin once: read it with torch.load(path, weights_only=True) and write it with"
    " safetensors.torch.save_file."
)

PICKLED = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".npy", ".npz", ".h5", ".msgpack"}
"""Endings of weights that the libraries would open where they find no safetensors."""

REPEATED = re.compile(r"layer|depth|block|stage|repeat", re.IGNORECASE)
"""Settings that say how often something is built; each time it has a tensor or more."""

MARGIN = 1_000_000
"""Numbers that no file needs to hold: sizes of tables that are computed, and of parts that are not stored."""

LARGEST_IMAGE = 8192
"""Pixels a side that a model may ask an image to be resized to."""


def check_folder(folder: Path) -> None:
    """Look at the files of a model before any library reads them.

    Raises:
        ModelError: the weights are not those that were saved, or are no safetensors; or the settings beside
            them ask for more than the weights could fill.
        OSError, ValueError: a file is damaged.
    """
    if not any((folder / name).is_file() for name in ("config.json", "modules.json")):
        raise ValueError("it has neither a config.json nor a modules.json.")
    check_digests(folder)
    _refuse_pickles(folder)
    _check_settings(folder)


def check_size(model: nn.Module, folder: Path) -> None:
    """Compare a model that was built without memory with the weights that are to fill it.

    Args:
        model: built on torch's device "meta".
        folder: with safetensors.

    Raises:
        ModelError: it needs more numbers than there are.
    """
    stored = sum(map(count_weights, folder.glob("*.safetensors")))
    asked = sum(weight.numel() for weight in model.parameters())
    if asked > stored + max(MARGIN, stored // 8):
        raise ModelError(
            f"'{folder}' describes a model of {asked:,} weights and holds {stored:,}: copy or download the"
            " model again."
        )


def _refuse_pickles(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        safe = ("model.safetensors", "model.safetensors.index.json")
        if path.suffix in PICKLED and not any((path.parent / name).is_file() for name in safe):
            raise ModelError(
                f"'{path}' has no model.safetensors beside it, and nothing else is opened as"
                f" weights. {CONVERT}"
            )


def _check_settings(folder: Path) -> None:
    shapes = [shape for path in folder.rglob("*.safetensors") for shape in read_shapes(path).values()]
    largest = max((size for shape in shapes for size in shape), default=0)
    for path in sorted(folder.rglob("config.json")):
        for key, number in _whole_numbers(_read(path)):
            most = len(shapes) if REPEATED.search(key) else max(largest, MARGIN)
            if abs(number) > most and "theta" not in key:
                raise ModelError(
                    f"'{path}' asks for {key} = {number}, more than the weights beside it could fill: copy or"
                    " download the model again."
                )
    for path in sorted(folder.rglob("*processor_config.json")):
        for key, number in _sides(_read(path)):
            if not 1 <= number <= LARGEST_IMAGE:
                raise ModelError(
                    f"'{path}' asks for images of {number} pixels ({key}): it may be 1 to {LARGEST_IMAGE}."
                )


def _read(path: Path) -> Any:
    try:
        return parse_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _whole_numbers(content: Any, key: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(content, dict):
        for name, inner in content.items():
            yield from _whole_numbers(inner, name)
    elif isinstance(content, list):
        for inner in content:
            yield from _whole_numbers(inner, key)
    elif type(content) is int:
        yield key, content


def _sides(content: Any) -> Iterator[tuple[str, int]]:
    """The sizes that images are brought to. Beside `longest_edge`, `shortest_edge` may be an area."""
    if not isinstance(content, dict):
        return
    for name, inner in content.items():
        is_side = name in ("height", "width", "size", "crop_size")
        is_side |= name == "shortest_edge" and "longest_edge" not in content
        if is_side and type(inner) is int:
            yield name, inner
        yield from _sides(inner)
