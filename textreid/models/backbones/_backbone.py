"""What every family of image towers is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

MeanStd = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and standard deviation of the three channels of an image, of pixels from 0 to 1."""


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


class Backbone:
    """How the image towers of one family are built and read; a tower itself is a plain module.

    Attributes:
        names: what a recipe can call the family's towers.
        name: what it calls this one.
        options: of this tower, from the recipe's [model.image_options].

    Args:
        name: one of `names`.
        options: as the family's file lists them.
    """

    names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self.name, self.options = name, options

    @property
    def has_table(self) -> bool:
        """Whether the tower has a table of positions, made for one size; convolutions need none."""
        return False

    @property
    def normalisation(self) -> MeanStd:
        """What the tower's pixels are normalised by."""
        raise NotImplementedError

    def build(self, image_size: tuple[int, int]) -> nn.Module:
        """The tower, weights drawn at random, named as in published checkpoints.

        Args:
            image_size: (height, width) of the crops, in pixels.

        Raises:
            ModelError: the crops are smaller than a patch, or an option does not fit.
            UnknownNameError: there is no such tower or option.
        """
        raise NotImplementedError

    def widths(self, tower: Any) -> tuple[int, int]:
        """(C, C'), how many numbers a token and a pooled vector of a built tower have."""
        raise NotImplementedError

    def read(self, tower: Any, pixel_values: Tensor) -> Grid:
        """Crops through a built tower.

        Args:
            tower: from `build`.
            pixel_values: [N, 3, H, W] float32, normalised.
        """
        raise NotImplementedError
