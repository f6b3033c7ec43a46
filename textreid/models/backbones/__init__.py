"""Image towers: one file a family; each gives the same grid of tokens.

A file holds
`names() -> list[str]`, what a recipe can call its towers (timm's file takes every other name);
`build(name, image_size, options) -> nn.Module`, weights drawn at random, named as in published checkpoints;
`widths(tower) -> (C, C')`, numbers in a token and in a pooled vector;
`has_table(name) -> bool`, whether the tower has a table of positions, made for one size;
`normalisation(name)`, mean and standard deviation of its pixels;
`read(tower, pixels) -> Grid`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from torch import Tensor

ANY_OTHER = "timm_network"


@dataclass(frozen=True)
class Grid:
    """What an image tower makes of N crops.

    Attributes:
        tokens: [N, h·w, C], one vector a location, row by row.
        size: (h, w).
        pooled: [N, C'], what is projected into the joint space.
        saliency: [N, h·w] float32, how much the tower's own pooling looks at each location, where it has one;
            without a graph.
    """

    tokens: Tensor
    size: tuple[int, int]
    pooled: Tensor
    saliency: Tensor | None = None


@cache
def family(name: str) -> ModuleType:
    """The file that knows the image tower called `name`."""
    found = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    modules = {module: importlib.import_module(f"{__name__}.{module}") for module in found}
    return next((m for m in modules.values() if name in m.names()), modules[ANY_OTHER])
