"""Losses: one file each, the file's stem is the loss's name in a recipe.

Each file holds a frozen `Config` (its options, `weight` among them) and one module, built as
`Module(config, dim=D, classes=C)` and called as `module(encoded, batch) -> scalar`. A batch without anything
to learn gives a zero that still has a graph.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

from torch import nn

from textreid.config import build
from textreid.errors import UnknownNameError


def names() -> list[str]:
    """The losses that a recipe can name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def create(name: str, options: dict[str, Any], *, dim: int, classes: int) -> tuple[float, nn.Module]:
    """The weight and the module of the loss called `name`.

    Args:
        name: stem of a file in this folder.
        options: its options as a recipe gives them.
        dim: D, size of the joint space.
        classes: number of training identities.

    Raises:
        UnknownNameError: no such loss, or an option that it does not have.
    """
    if name not in names():
        raise UnknownNameError("loss", name, names())
    module = importlib.import_module(f"{__name__}.{name}")
    config = build(module.Config, options, where=f"loss.{name}")
    (loss,) = (
        member
        for member in vars(module).values()
        if inspect.isclass(member) and issubclass(member, nn.Module) and member.__module__ == module.__name__
    )
    return config.weight, loss(config, dim=dim, classes=classes)
