"""Nearest neighbours in memory: one file a backend, the file's stem is its name.

A backend is a cache: it holds the vectors of a gallery in row order and can be rebuilt from the gallery at
any time. It proposes candidates; the gallery scores and orders them, so every backend gives the same answer.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import Protocol

import numpy as np

from textreid_index.errors import UnknownBackendError

NO_FAISS = (
    "faiss is not installed: searching with numpy, which is slower for many queries at once."
    " To change that: pip install 'textreid[cpu]' (or 'textreid[gpu]' where there is a CUDA GPU)."
)


class VectorBackend(Protocol):
    """What a backend file's class `Backend` does. Vectors are float32 unit rows of one length D."""

    def __init__(self, dim: int) -> None: ...

    def add(self, vectors: np.ndarray) -> None:
        """Append [N, D] rows."""

    def keep(self, rows: np.ndarray) -> None:
        """Keep only these rows ([M] int64, rising), in their order."""

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The vectors [M, D] of these rows ([M] int64, any order)."""

    def search(self, queries: np.ndarray, k: int, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of largest inner product for each of the queries [Q, D].

        `mask` [N] bool, where given, says which rows may be returned; the caller makes sure there are k.
        Returns [Q, k] float32 scores, falling, and [Q, k] int64 rows. The order of near-equal scores is open.
        """


Resolved = tuple[str, type[VectorBackend], str | None]
"""A backend's name, its class, and a sentence for the user where "auto" had to settle for less."""


def names() -> list[str]:
    """The names of all backends."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


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
    if name not in names():
        near = difflib.get_close_matches(name, ["auto", *names()], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownBackendError(
            f"There is no search backend called '{name}'.{hint} Known: auto, {', '.join(names())}."
        )
    try:
        return importlib.import_module(f"{__name__}.{name}").Backend
    except ImportError as error:
        raise UnknownBackendError(
            f"The search backend '{name}' cannot be loaded ({error}). {NO_FAISS}"
        ) from error
