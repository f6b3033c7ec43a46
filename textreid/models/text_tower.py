"""Text towers: any encoder of transformers, read and pooled as it was trained to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedConfig, SiglipTextModel

from textreid.models.attention import attention_from

POOLERS = ("bert", "roberta", "xlm-roberta", "mpnet", "camembert")


@dataclass(frozen=True)
class TextStates:
    """What a text tower makes of N texts.

    Attributes:
        tokens: [N, L, C] float32, the states of the tokens.
        pooled: [N, C'], what is projected into the joint space.
        saliency: [N, L] float32, how much the pooled token looks at each token, where the tower pools one;
            without a graph.
    """

    tokens: Tensor
    pooled: Tensor
    saliency: Tensor | None = None


def build(config: PreTrainedConfig) -> nn.Module:
    """The tower, weights drawn at random.

    Args:
        config: of an encoder of transformers.
    """
    if config.model_type == "siglip_text_model":
        return SiglipTextModel._from_config(config)  # AutoModel does not know it
    tower: nn.Module = AutoModel.from_config(config, trust_remote_code=False, **without_pooler(config))
    return tower


def without_pooler(config: PreTrainedConfig) -> dict[str, bool]:
    """The argument that leaves out BERT's pooler: it is trained for pairs of texts, and unused here."""
    return {"add_pooling_layer": False} if config.model_type in POOLERS else {}


def pooled_width(config: Any) -> int:
    """C', the length of `TextStates.pooled`."""
    if config.model_type == "siglip_text_model":
        return int(config.projection_size)
    return int(config.hidden_size * (1 if config.model_type == "clip_text_model" else 2))


def read(tower: Any, input_ids: Tensor, attention_mask: Tensor) -> TextStates:
    """Texts to states and pooled vectors.

    CLIP pools the state of the token that ends a text, SigLIP the last one of a fixed length, any other
    tower the mean (what is typical) and the maximum (what is present anywhere) of all real tokens.

    Args:
        tower: from `build`.
        input_ids: [N, L] int64, padded on the right.
        attention_mask: [N, L] int64, 1 where a token is real.
    """
    kind = tower.config.model_type
    if kind == "clip_text_model":
        return _clip(tower, input_ids, attention_mask)
    if kind == "siglip_text_model":
        return _siglip(tower, input_ids, attention_mask)
    tokens = tower(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
    real = attention_mask.unsqueeze(2).to(tokens.dtype)  # [N, L, 1]
    mean = (tokens * real).sum(1) / real.sum(1).clamp(min=1)
    maximum = tokens.masked_fill(real == 0, torch.finfo(tokens.dtype).min).amax(1)
    return TextStates(tokens, torch.cat([mean, maximum], dim=1))


def _clip(tower: Any, input_ids: Tensor, attention_mask: Tensor) -> TextStates:
    """The end is the last real token, whatever number the checkpoint's configuration gives it."""
    seen: list[Tensor] = []
    last = tower.encoder.layers[-1]
    hook = last.layer_norm1.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    states = tower(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    hook.remove()
    end = attention_mask.sum(1) - 1
    saliency = attention_from(last.self_attn, seen[0], end, attention_mask.bool())
    rows = torch.arange(states.shape[0], device=states.device)
    return TextStates(states.float(), states[rows, end], saliency)


def _siglip(tower: Any, input_ids: Tensor, attention_mask: Tensor) -> TextStates:
    """It was trained on texts padded to a fixed length, the padding unmasked."""
    config = tower.config
    length = input_ids.shape[1]
    ids = input_ids.masked_fill(attention_mask == 0, config.pad_token_id)
    ids = nn.functional.pad(ids, (0, config.max_position_embeddings - length), value=config.pad_token_id)
    output = tower(input_ids=ids)
    return TextStates(output.last_hidden_state[:, :length].float(), output.pooler_output)
