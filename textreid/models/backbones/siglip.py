"""The vision transformer of SigLIP and SigLIP 2 (checkpoints of one resolution), at any size of crop.

Options: as of `clip`. It has no class token: a learned query pools the patches by attention (Zhai et al.,
"Sigmoid Loss for Language Image Pre-Training", ICCV 2023; Tschannen et al., "SigLIP 2", 2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import SiglipVisionConfig, SiglipVisionModel

from textreid.models.backbones import Grid
from textreid.models.backbones._patches import embed, fit_to_crops, resize_table


def names() -> list[str]:
    """What a recipe can call it."""
    return ["siglip"]


def build(name: str, image_size: tuple[int, int], options: Mapping[str, Any]) -> SiglipVisionModel:
    """The tower, weights drawn at random.

    Args:
        name: "siglip".
        image_size: (height, width) in pixels.
        options: see above.

    Raises:
        ModelError: the crops are smaller than a patch.
    """
    del name
    config = SiglipVisionConfig(**options.get("config", {}))
    tower: Any = SiglipVisionModel._from_config(config)
    fit_to_crops(tower, image_size, options, others=0, spread=config.hidden_size**-0.5)
    return tower


def widths(tower: SiglipVisionModel) -> tuple[int, int]:
    """C of a token, and C' of a pooled vector."""
    return tower.config.hidden_size, tower.config.hidden_size


def has_table(name: str) -> bool:
    """Always: positions are learned."""
    del name
    return True


def normalisation(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the pixels."""
    del name
    return (0.5,) * 3, (0.5,) * 3


def adapt(weights: Mapping[str, Tensor], tower: Any) -> dict[str, Tensor]:
    """A checkpoint's weights with the position table stretched to the tower's grid.

    Args:
        weights: of a `SiglipVisionModel`, its table square.
        tower: what they are for.
    """
    name = "embeddings.position_embedding.weight"
    table = weights[name].float()
    side = int(len(table) ** 0.5)
    return dict(weights) | {name: resize_table(table, (side, side), tower.table_grid)}


def read(tower: Any, pixel_values: Tensor) -> Grid:
    """Crops [N, 3, H, W] float32 to a grid; saliency is where the pooling query looks."""
    table = tower.embeddings.position_embedding.weight
    hidden, size = embed(tower.embeddings, pixel_values, table, tower.table_grid)
    for layer in tower.encoder.layers:
        hidden = layer(hidden, None)
    tokens = tower.post_layernorm(hidden)
    head = tower.head
    query = head.probe.expand(tokens.shape[0], -1, -1)
    attended, looks = head.attention(query, tokens, tokens)  # [N, 1, C], [N, 1, h*w]
    pooled = (attended + head.mlp(head.layernorm(attended)))[:, 0]
    return Grid(tokens, size, pooled, looks[:, 0].detach().float())
