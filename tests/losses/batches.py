"""Batches to feed a loss with: random ones, and ones with given cosines."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from textreid.types import Batch, Encoded, Features


def batch_of(labels: Sequence[int], *, described: Sequence[int] | None = None) -> Batch:
    """A batch with these labels; what losses do not look at is empty.

    Args:
        labels: of the images.
        described: rows that have a sentence; all by default.
    """
    n = len(labels)
    rows = torch.arange(n) if described is None else torch.tensor(described, dtype=torch.int64)
    return Batch(
        images=torch.zeros(n, 3, 1, 1),
        labels=torch.tensor(labels),
        image_ids=torch.arange(n),
        camera_ids=torch.full((n,), -1),
        domains=torch.zeros(n, dtype=torch.int64),
        attributes=torch.empty(n, 0, dtype=torch.int64),
        token_ids=torch.zeros(len(rows), 1, dtype=torch.int64),
        token_mask=torch.ones(len(rows), 1, dtype=torch.int64),
        text_rows=rows,
        trust=torch.ones(len(rows)),
    )


def encoded(image: Tensor, text: Tensor | None = None) -> Encoded:
    """Pooled vectors [B, D] and [T, D] alone, as a model without branches gives them."""
    return Encoded(Features(image), None if text is None else Features(text))


def random_pairs(n: int, dim: int = 8, seed: int = 0) -> Encoded:
    generator = torch.Generator().manual_seed(seed)
    image, text = torch.randn(2, n, dim, generator=generator)
    return encoded(image.requires_grad_(), text.requires_grad_())


def pairs_with_cosines(cosines: Sequence[Sequence[float]]) -> Encoded:
    """Texts and images with cosine(text i, image j) = cosines[i][j]: images are axes, texts lean on them.

    Lengths differ from 1, because a loss must not depend on them.
    """
    wanted = torch.tensor(cosines)  # [N texts, N images]
    left_over = (1 - wanted.square().sum(1)).sqrt()
    text: Tensor = torch.cat([wanted, torch.diag(left_over)], dim=1)  # [N, 2N], unit norm
    image = torch.eye(len(wanted), 2 * len(wanted))
    return encoded((3 * image).requires_grad_(), (0.5 * text).requires_grad_())
