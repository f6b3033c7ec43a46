"""The vision transformer of SigLIP and SigLIP 2 (checkpoints of one resolution), at any size of crop.

For its options see `PatchTransformer`.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers import SiglipVisionConfig, SiglipVisionModel

from textreid.models.backbones._backbone import Grid, MeanStd
from textreid.models.backbones._patches import PatchTransformer, embed


class Siglip(PatchTransformer):
    """SigLIP's image tower, without a class token: a learned query pools the patches by attention.

    Zhai et al., "Sigmoid Loss for Language Image Pre-Training", ICCV 2023; Tschannen et al., "SigLIP 2",
    2025.
    """

    names = ("siglip",)
    config_class, model_class, class_tokens = SiglipVisionConfig, SiglipVisionModel, 0

    def table_spread(self, config: Any) -> float:
        """One over the root of a token's width."""
        return float(config.hidden_size**-0.5)

    @property
    def normalisation(self) -> MeanStd:
        """From -1 to 1."""
        return (0.5,) * 3, (0.5,) * 3

    def read(self, tower: Any, pixel_values: Tensor) -> Grid:
        """See `Backbone.read`; saliency is where the pooling query looks."""
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
