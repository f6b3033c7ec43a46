"""Losses: one file each, the file's stem is the loss's name in a recipe.

Each file holds a frozen `Config` (its options, `weight` among them) and one module, built as
`Module(config, sizes)` and called as `module(encoded, batch) -> scalar`. A batch without anything to learn
gives a zero that still has a graph. A loss that looks at single rows or tokens, and would learn nothing more
from the rows of other processes, says `across_ranks = False`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from textreid import registry


@dataclass(frozen=True)
class Sizes:
    """What a loss must know to draw its own weights.

    Attributes:
        dim: D, length of the pooled vectors that it sees.
        classes: number of training identities.
        parts: P, vectors that a pooled one consists of.
        part_dim: D', length of each of those.
        attributes: attribute group -> its values, in the order of `Batch.attributes`.
        image_width: C, length of an image token.
        text_width: C, length of a text token; 0 without a text tower.
        vocabulary: number of word pieces.
    """

    dim: int
    classes: int
    parts: int = 1
    part_dim: int = 0
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    image_width: int = 0
    text_width: int = 0
    vocabulary: int = 0

    def __post_init__(self) -> None:
        if not self.part_dim:
            object.__setattr__(self, "part_dim", self.dim // self.parts)


def names() -> list[str]:
    """The losses that a recipe can name."""
    return registry.names(sys.modules[__name__])


def create(name: str, options: dict[str, Any], sizes: Sizes) -> tuple[float, nn.Module]:
    """The weight and the module of the loss called `name`.

    Args:
        name: stem of a file in this folder.
        options: its options as a recipe gives them.
        sizes: of what it will see.

    Raises:
        UnknownNameError: no such loss, or an option that it does not have.
    """
    package = sys.modules[__name__]
    config, loss = registry.find(package, name, options, kind="loss", where=f"loss.{name}", base=nn.Module)
    return config.weight, loss(config, sizes)
