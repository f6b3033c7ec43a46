"""Of what this textreid was made: its version, and the folder that its files lie in."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from textreid.errors import InputError


def installed_version() -> str:
    """The version; "unknown" where the sources are used without an installation."""
    try:
        return version("textreid")
    except PackageNotFoundError:
        return "unknown"


def package_folder() -> Path:
    """The folder of the package, in which models and recipes lie.

    Raises:
        InputError: there is none, for it runs from a zip file.
    """
    folder = Path(__file__).parents[1]
    if not folder.is_dir():
        file = next((place for place in folder.parents if place.is_file()), folder)
        raise InputError(
            f"textreid runs from '{file}', in which models and recipes cannot be read. Install it:"
            f" pip install '{file}'"
        )
    return folder
