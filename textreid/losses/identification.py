"""Identification: each training identity is a class (Zheng et al., "Person Re-identification: Past, Present and Future").

One classifier for both modalities ties them (Zheng et al., "Dual-Path Convolutional Image-Text Embeddings with
Instance Loss", TOMM 2020); the batch-normalised neck is Luo et al., "Bag of Tricks", CVPRW 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

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
    """Cross-entropy over identities of the neck-normalised features of both modalities, one classifier for both.

    Pulls every image and sentence of an identity to one class vector. Works with any batch of two rows or more. Carries weights for training only
    (necks and classifier), which never ship.
    """

    def __init__(self, config: Config, *, dim: int, classes: int) -> None:
        super().__init__()
        self.config = config
        self.image_neck = _neck(dim)
        self.text_neck = _neck(dim)
        self.classifier = nn.Linear(dim, classes, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32 from `encoded.image` and `encoded.text` [B, D] and `batch.labels` [B]: mean of both modalities."""
        image = self._cross_entropy(self.image_neck(encoded.image.float()), batch.labels)
        text = self._cross_entropy(self.text_neck(encoded.text.float()), batch.labels)
        return (image + text) / 2

    def _cross_entropy(self, features: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.classifier(features), labels, label_smoothing=self.config.smoothing)


def _neck(dim: int) -> nn.BatchNorm1d:
    neck = nn.BatchNorm1d(dim)
    neck.bias.requires_grad_(False)
    return neck
