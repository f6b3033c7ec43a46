"""Batches to feed a loss with: random ones, and ones with given cosines."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from textreid.types import Batch, Encoded


def batch_of(labels: Sequence[int]) -> Batch:
    """A batch with these labels; what losses do not look at is empty."""
    n = len(labels)
    return Batch(
        images=torch.zeros(n, 3, 1, 1),
        token_ids=torch.zeros(n, 1, dtype=torch.int64),
        token_mask=torch.ones(n, 1, dtype=torch.int64),
        labels=torch.tensor(labels),
        image_ids=torch.arange(n),
        camera_ids=torch.full((n,), -1),
    )


def random_pairs(n: int, dim: int = 8, seed: int = 0) -> Encoded:
    generator = torch.Generator().manual_seed(seed)
    image, text = torch.randn(2, n, dim, generator=generator)
    return Encoded(image.requires_grad_(), text.requires_grad_())


def pairs_with_cosines(cosines: Sequence[Sequence[float]]) -> Encoded:
    """Texts and images with cosine(text i, image j) = cosines[i][j]: images are axes, texts lean on them.

    Lengths differ from 1, because a loss must not depend on them.
    """
    wanted = torch.tensor(cosines)  # [N texts, N images]
    left_over = (1 - wanted.square().sum(1)).sqrt()
    text: Tensor = torch.cat([wanted, torch.diag(left_over)], dim=1)  # [N, 2N], unit norm
    image = torch.eye(len(wanted), 2 * len(wanted))
    return Encoded((3 * image).requires_grad_(), (0.5 * text).requires_grad_())
