"""Identification: each training identity is a class (Zheng et al., "Person Re-identification", 2016).

One classifier for both modalities ties them (Zheng et al., "Dual-Path Convolutional Image-Text Embeddings
with Instance Loss", TOMM 2020); the batch-normalised neck is Luo et al., "Bag of Tricks", CVPRW 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.losses import Sizes
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `Identification`.

    Attributes:
        weight: factor in the objective.
        smoothing: label smoothing, in [0, 1).
    """

    weight: float = 1.0
    smoothing: float = 0.1


class Identification(nn.Module):
    """Cross-entropy over identities of both modalities, each through its own neck, by one classifier.

    Pulls every image and sentence of an identity to one class vector. Works with any batch of two rows or
    more; unlike `sdm` and `triplet` it compares with all identities of the data, not with the batch's alone.
    Carries weights for training only (necks and classifier), which never ship.
    """

    across_ranks = False

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__()
        self.config = config
        self.image_neck = _neck(sizes.dim)
        self.text_neck = _neck(sizes.dim)
        self.classifier = nn.Linear(sizes.dim, sizes.classes, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of both modalities; rows of nobody known do not count.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], each in -1 … C-1; `text_rows` [T].
        """
        terms = [self._cross_entropy(self.image_neck, encoded.image.pooled, batch.labels)]
        if encoded.text is not None:
            terms.append(self._cross_entropy(self.text_neck, encoded.text.pooled, batch.text_labels))
        return torch.stack(terms).mean()

    def _cross_entropy(self, neck: nn.Module, features: Tensor, labels: Tensor) -> Tensor:
        logits = self.classifier(neck(features.float()))
        smoothing = self.config.smoothing
        summed = F.cross_entropy(logits, labels, ignore_index=-1, reduction="sum", label_smoothing=smoothing)
        return summed / (labels >= 0).sum().clamp(min=1)


def _neck(dim: int) -> nn.BatchNorm1d:
    neck = nn.BatchNorm1d(dim)
    neck.bias.requires_grad_(False)
    return neck
