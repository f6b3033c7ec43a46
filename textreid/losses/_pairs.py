"""Who belongs together in a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from textreid.types import Batch


def sentence_image(batch: Batch) -> Tensor:
    """[T, B] bool: the sentence describes that image, or another of the same person."""
    rows = torch.arange(len(batch.labels), device=batch.labels.device)
    own = batch.text_rows[:, None] == rows
    return own | _same(batch.text_labels[:, None], batch.labels[None, :])


def image_image(batch: Batch) -> Tensor:
    """[B, B] bool: both show the same person; an image with itself, even where nobody knows who it is."""
    itself = torch.eye(len(batch.labels), dtype=torch.bool, device=batch.labels.device)
    return itself | _same(batch.labels[:, None], batch.labels[None, :])


def _same(left: Tensor, right: Tensor) -> Tensor:
    return (left == right) & (left >= 0)
