"""The vision transformer of CLIP, at any size of crop; for its options see `PatchTransformer`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModel
from transformers.image_utils import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

from textreid.models.attention import attention_from
from textreid.models.backbones._backbone import Grid, MeanStd
from textreid.models.backbones._patches import PatchTransformer, embed


class Clip(PatchTransformer):
    """CLIP's image tower (Radford et al., "Learning Transferable Visual Models...", ICML 2021)."""

    names = ("clip",)
    config_class, model_class, class_tokens = CLIPVisionConfig, CLIPVisionModel, 1

    def table_spread(self, config: Any) -> float:
        """That of all its weights."""
        return float(config.initializer_range)

    @property
    def normalisation(self) -> MeanStd:
        """What CLIP was trained with."""
        return tuple(OPENAI_CLIP_MEAN), tuple(OPENAI_CLIP_STD)

    def read(self, tower: Any, pixel_values: Tensor) -> Grid:
        """See `Backbone.read`; pooled is the class token, saliency where it looks at last."""
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
