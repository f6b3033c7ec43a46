"""What CLIP's and SigLIP's vision transformers share: patches at any size of crop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from textreid.errors import ModelError
from textreid.models.backbones._backbone import Backbone


def grid_of(image_size: tuple[int, int], patch: int, stride: int) -> tuple[int, int]:
    """(h, w), how many patches of `patch` pixels a side fit at every `stride` pixels.

    Raises:
        ModelError: none fits.
    """
    height, width = ((side - patch) // stride + 1 for side in image_size)
    if min(height, width) < 1:
        raise ModelError(f"image_size is {list(image_size)}; the image tower's patches are {patch} pixels.")
    return height, width


def resize_table(table: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """A position table for another grid, bicubic.

    Args:
        table: [h·w, C], row by row.
        old: (h, w).
        new: (h', w').

    Returns:
        [h'·w', C]; the table itself where nothing changes.
    """
    if old == new:
        return table
    grid = table.T.reshape(1, -1, *old)
    return nn.functional.interpolate(grid, size=new, mode="bicubic").flatten(2)[0].T


def embed(
    embeddings: Any, pixel_values: Tensor, table: Tensor, table_grid: tuple[int, int]
) -> tuple[Tensor, tuple[int, int]]:
    """Patches with their positions [N, h·w, C], and (h, w).

    Args:
        embeddings: of a vision transformer of transformers.
        pixel_values: [N, 3, H, W].
        table: [h'·w', C], the positions of patches.
        table_grid: (h', w').
    """
    patches = embeddings.patch_embedding(pixel_values)
    size = patches.shape[2], patches.shape[3]
    return patches.flatten(2).transpose(1, 2) + resize_table(table, table_grid, size).to(patches.dtype), size


class PatchTransformer(Backbone):
    """A vision transformer of transformers, at any size of crop.

    Its options:
    `config`: the table of its vision configuration (a checkpoint brings its own);
    `stride`: pixels from one patch to the next; patches overlap below their own side (He et al., "TransReID:
    Transformer-Based Object Re-Identification", ICCV 2021);
    `table_size = [H, W]`: pixels for which the position table is made; other sizes interpolate it.

    Attributes:
        config_class: its configuration's.
        model_class: its own.
        class_tokens: how many tokens before the patches have a position.
    """

    config_class: ClassVar[Any]
    model_class: ClassVar[Any]
    class_tokens: ClassVar[int]

    def table_spread(self, config: Any) -> float:
        """The standard deviation of a position table that is drawn at random."""
        raise NotImplementedError

    @property
    def has_table(self) -> bool:
        """Always: positions are learned."""
        return True

    def build(self, image_size: tuple[int, int]) -> nn.Module:
        """See `Backbone.build`; `table_grid`, (h, w) of its position table, is added to the tower."""
        try:
            config = self.config_class(**self.options.get("config", {}))
            tower = self.model_class._from_config(config)
        except Exception as error:  # a value that it refuses, in one of many ways
            raise ModelError(f"[model.image_options] does not fit '{self.name}': {error}") from error
        stride = self.options.get("stride", config.patch_size)
        tower.embeddings.patch_embedding.stride = (stride, stride)
        size = tuple(self.options.get("table_size", image_size))
        tower.table_grid = grid_of(size, config.patch_size, stride)
        rows = self.class_tokens + tower.table_grid[0] * tower.table_grid[1]
        table = nn.Embedding(rows, config.hidden_size)
        nn.init.normal_(table.weight, std=self.table_spread(config))
        tower.embeddings.position_embedding = table
        built: nn.Module = tower
        return built

    def widths(self, tower: Any) -> tuple[int, int]:
        """See `Backbone.widths`; both are the width of a token."""
        return tower.config.hidden_size, tower.config.hidden_size

    def adapt(self, weights: Mapping[str, Tensor], tower: Any) -> dict[str, Tensor]:
        """A checkpoint's weights with the position table stretched to the tower's grid.

        Args:
            weights: of a `model_class`, its table square after the class tokens.
            tower: what they are for.
        """
        name = "embeddings.position_embedding.weight"
        table = weights[name].float()
        first, places = table[: self.class_tokens], table[self.class_tokens :]
        side = int(len(places) ** 0.5)
        stretched = resize_table(places, (side, side), tower.table_grid)
        return dict(weights) | {name: torch.cat([first, stretched])}
