"""Who looks where: one row of the attention of a transformer's layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


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
