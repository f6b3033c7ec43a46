"""The vision transformer of CLIP, at any size of crop.

Options of a recipe's [model.image_options]:
`config`: the table of CLIP's vision configuration (a checkpoint brings its own);
`stride`: pixels from one patch to the next; patches overlap below their own side (He et al., "TransReID:
Transformer-Based Object Re-Identification", ICCV 2021);
`table_size = [H, W]`: pixels for which the position table is made; other sizes interpolate it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModel
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from textreid.models.backbones import Grid
from textreid.models.backbones._patches import attention_from, embed, fit_to_crops, resize_table


def names() -> list[str]:
    """What a recipe can call it."""
    return ["clip"]


def build(name: str, image_size: tuple[int, int], options: Mapping[str, Any]) -> CLIPVisionModel:
    """The tower, weights drawn at random.

    Args:
        name: "clip".
        image_size: (height, width) in pixels.
        options: see above.

    Raises:
        ModelError: the crops are smaller than a patch.
    """
    del name
    config = CLIPVisionConfig(**options.get("config", {}))
    tower: Any = CLIPVisionModel._from_config(config)
    fit_to_crops(tower, image_size, options, others=1, spread=config.initializer_range)
    return tower


def widths(tower: CLIPVisionModel) -> tuple[int, int]:
    """C of a token, and C' of a pooled vector."""
    return tower.config.hidden_size, tower.config.hidden_size


def has_table(name: str) -> bool:
    """Always: positions are learned."""
    del name
    return True


def normalisation(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the pixels."""
    del name
    return tuple(OPENAI_CLIP_MEAN), tuple(OPENAI_CLIP_STD)


def adapt(weights: Mapping[str, Tensor], tower: Any) -> dict[str, Tensor]:
    """A checkpoint's weights with the position table stretched to the tower's grid.

    Args:
        weights: of a `CLIPVisionModel`, its table square after the class token.
        tower: what they are for.
    """
    name = "embeddings.position_embedding.weight"
    table = weights[name]
    side = int((len(table) - 1) ** 0.5)
    stretched = resize_table(table[1:].float(), (side, side), tower.table_grid)
    return dict(weights) | {name: torch.cat([table[:1].float(), stretched])}


def read(tower: Any, pixel_values: Tensor) -> Grid:
    """Crops [N, 3, H, W] float32 to a grid; pooled is the class token, saliency where it looks at last."""
    table = tower.embeddings.position_embedding.weight
    patches, size = embed(tower.embeddings, pixel_values, table[1:], tower.table_grid)
    token = (tower.embeddings.class_embedding + table[0]).expand(patches.shape[0], 1, -1)
    hidden = tower.pre_layrnorm(torch.cat([token.to(patches.dtype), patches], dim=1))
    *lower, last = tower.encoder.layers
    for layer in lower:
        hidden = layer(hidden, None)
    first = torch.zeros(hidden.shape[0], dtype=torch.long, device=hidden.device)
    saliency = attention_from(last.self_attn, last.layer_norm1(hidden), first)
    states = tower.post_layernorm(last(hidden, None))
    return Grid(states[:, 1:], size, states[:, 0], saliency[:, 1:])
