"""Nearest neighbours: one file a backend, the file's stem is its name.

A backend holds the vectors of a gallery in a form that is quick to search and can be filled anew from the
gallery at any time. It proposes candidates; the gallery scores and orders them. Every backend that is exact
gives the same people in the same order.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys

from textreid_index.backends._contract import Accepted, Block, VectorBackend
from textreid_index.errors import UnknownBackendError

__all__ = ["Accepted", "Block", "Resolved", "VectorBackend", "names", "resolve"]

NO_FAISS = (
    "faiss is not installed: searching with numpy, which is slower for many queries at once."
    " To change that: pip install 'textreid[cpu]' (or 'textreid[gpu]' where there is a CUDA GPU)."
)

Resolved = tuple[str, type[VectorBackend], str | None]
"""A backend's name, its class, and a sentence for the user where "auto" had to settle for less."""


def names() -> list[str]:
    """The names of all backends."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_")


def resolve(name: str) -> Resolved:
    """Find a backend by name; "auto" is `flat` where faiss is installed, else `exact`.

    Raises:
        UnknownBackendError: no such backend, or its library is not installed.
    """
    if name == "auto":
        try:
            return "flat", _load("flat"), None
        except UnknownBackendError:
            return "exact", _load("exact"), NO_FAISS
    return name, _load(name), None


def _load(name: str) -> type[VectorBackend]:
    module = f"{__name__}.{name}"
    if module not in sys.modules and name not in names():  # who may not list the folder may have it loaded
        near = difflib.get_close_matches(name, ["auto", *names()], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownBackendError(
            f"There is no search backend called '{name}'.{hint} Known: auto, {', '.join(names())}."
        )
    try:
        return importlib.import_module(module).Backend
    except ImportError as error:
        raise UnknownBackendError(
            f"The search backend '{name}' cannot be loaded ({error}). {NO_FAISS}"
        ) from error
