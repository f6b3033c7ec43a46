"""Losses: one file each, the file's stem is the loss's name in a recipe.

Each file holds a frozen `Config` (its options, `weight` among them) and one `Loss`, or a `PairLoss` if it
compares pairs of rows by direction.
"""

from __future__ import annotations

import sys
from typing import Any

from textreid import registry
from textreid.losses._base import Loss, PairLoss, Sizes

__all__ = ["Loss", "PairLoss", "Sizes", "create", "names"]


def names() -> list[str]:
    """The losses that a recipe can name."""
    return registry.names(sys.modules[__name__])


def create(name: str, options: dict[str, Any], sizes: Sizes) -> tuple[float, Loss]:
    """The weight and the loss called `name`.

    Args:
        name: stem of a file in this folder.
        options: its options as a recipe gives them.
        sizes: of what it will see.

    Raises:
        UnknownNameError: no such loss, or an option that it does not have.
    """
    package = sys.modules[__name__]
    config, loss = registry.find(package, name, options, kind="loss", where=f"loss.{name}", base=Loss)
    return config.weight, loss(config, sizes)
