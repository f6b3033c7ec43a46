"""Identification: each training identity is a class (Zheng et al., "Person Re-identification", 2016).

One classifier for both modalities ties them (Zheng et al., "Dual-Path Convolutional Image-Text Embeddings
with Instance Loss", TOMM 2020); the batch-normalised neck is Luo et al., "Bag of Tricks", CVPRW 2019.
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
    """Cross-entropy over identities of both modalities, each through its own neck, by one classifier.

    Pulls every image and sentence of an identity to one class vector. Works with any batch of two rows or
    more; unlike `sdm` and `triplet` it compares with all identities of the data, not with the batch's alone.
    Carries weights for training only (necks and classifier), which never ship.
    """

    def __init__(self, config: Config, *, dim: int, classes: int) -> None:
        super().__init__()
        self.config = config
        self.image_neck = _neck(dim)
        self.text_neck = _neck(dim)
        self.classifier = nn.Linear(dim, classes, bias=False)
        nn.init.normal_(self.classifier.weight, std=0.001)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of both modalities.

        Args:
            encoded: `image` and `text` [B, D].
            batch: `labels` [B], each in 0 … C-1.
        """
        image = self._cross_entropy(self.image_neck(encoded.image.float()), batch.labels)
        text = self._cross_entropy(self.text_neck(encoded.text.float()), batch.labels)
        return (image + text) / 2

    def _cross_entropy(self, features: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.classifier(features), labels, label_smoothing=self.config.smoothing)


def _neck(dim: int) -> nn.BatchNorm1d:
    neck = nn.BatchNorm1d(dim)
    neck.bias.requires_grad_(False)
    return neck
