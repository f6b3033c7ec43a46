"""A text tower of a few hundred numbers, to be compiled."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor, nn


class MeanEmbedding(nn.Module):
    """The mean of embeddings, with whatever `twist` does to it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(50, 8)

    def get_text_features(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        mask = attention_mask.unsqueeze(2)
        mean = (self.table(input_ids) * mask).sum(1) / mask.sum(1)
        return SimpleNamespace(pooler_output=self.twist(mean))

    def twist(self, vectors: Tensor) -> Tensor:
        return vectors


def token_batch(rows: int, length: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows + length)
    mask = torch.ones(rows, length, dtype=torch.int64)
    mask[-1, length // 2 :] = 0
    return torch.randint(0, 50, (rows, length), generator=generator), mask
