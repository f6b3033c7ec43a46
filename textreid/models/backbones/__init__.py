"""Image towers: one file a family; each gives the same grid of tokens.

A file holds one `Backbone`, which names the towers that a recipe can ask for; timm's takes every other name.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from textreid import registry
from textreid.models.backbones._backbone import Backbone, Grid, MeanStd

__all__ = ["Backbone", "Grid", "MeanStd", "create"]

FALLBACK = "timm_network"


def create(name: str, options: Mapping[str, Any]) -> Backbone:
    """The backbone called `name`.

    Args:
        name: of an image tower, such as "clip", "osnet_x1_0" or any of timm's.
        options: as its file lists them.
    """
    return _families().get(name, _family(FALLBACK))(name, options)


@cache
def _families() -> dict[str, type[Backbone]]:
    """Name of a tower -> its family."""
    files = registry.names(sys.modules[__name__])
    return {name: family for file in files for family in [_family(file)] for name in family.names}


def _family(file: str) -> type[Backbone]:
    family: type[Backbone] = registry.part(importlib.import_module(f"{__name__}.{file}"), Backbone)
    return family
