"""What CLIP's and SigLIP's vision transformers share: patches at any size, and who looks where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from textreid.errors import ModelError


def grid_of(image_size: tuple[int, int], patch: int, stride: int) -> tuple[int, int]:
    """(h, w), how many patches of `patch` pixels a side fit at every `stride` pixels.

    Raises:
        ModelError: none fits.
    """
    height, width = ((side - patch) // stride + 1 for side in image_size)
    if min(height, width) < 1:
        raise ModelError(f"image_size is {list(image_size)}; the image tower's patches are {patch} pixels.")
    return height, width


def fit_to_crops(
    tower: Any, image_size: tuple[int, int], options: Mapping[str, Any], *, others: int, spread: float
) -> None:
    """Give a tower the stride of the options and a position table for crops of this size, drawn at random.

    Args:
        tower: a vision transformer of transformers; `table_grid`, (h, w) of its table, is added to it.
        image_size: (height, width) in pixels.
        options: `stride` and `table_size`, see `textreid.models.backbones.clip`.
        others: tokens beside the patches that have a position.
        spread: standard deviation of the table.

    Raises:
        ModelError: the crops are smaller than a patch.
    """
    config, embeddings = tower.config, tower.embeddings
    stride = options.get("stride", config.patch_size)
    embeddings.patch_embedding.stride = (stride, stride)
    size = tuple(options.get("table_size", image_size))
    tower.table_grid = grid_of(size, config.patch_size, stride)
    rows = others + tower.table_grid[0] * tower.table_grid[1]
    embeddings.position_embedding = nn.Embedding(rows, config.hidden_size)
    nn.init.normal_(embeddings.position_embedding.weight, std=spread)


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


@torch.no_grad()
def attention_from(attention: Any, hidden: Tensor, rows: Tensor, visible: Tensor | None = None) -> Tensor:
    """How much one token of each row looks at every token, mean over heads, without the rest of the layer.

    Args:
        attention: of a transformer layer, with `q_proj`, `k_proj`, `num_heads` and `scale`.
        hidden: [N, L, C], what the attention reads.
        rows: [N] int64, the token that looks.
        visible: [N, L] bool, what it may look at; everything by default.

    Returns:
        [N, L] float32; every row sums to 1.
    """
    looking = hidden[torch.arange(hidden.shape[0], device=hidden.device), rows]
    query = attention.q_proj(looking).unflatten(1, (attention.num_heads, -1))
    key = attention.k_proj(hidden).unflatten(2, (attention.num_heads, -1))
    logits = torch.einsum("nhc,nlhc->nhl", query.float(), key.float()) * attention.scale
    if visible is not None:
        logits = logits.masked_fill(~visible[:, None], float("-inf"))
    return logits.softmax(2).mean(1)
