"""Identification: each training identity is a class (Zheng et al., "Person Re-identification", 2016).

One classifier for both modalities ties them (Zheng et al., "Dual-Path Convolutional Image-Text Embeddings
with Instance Loss", TOMM 2020); the batch-normalised neck is Luo et al., "Bag of Tricks", CVPRW 2019; a
classifier for each part is Sun et al., "Beyond Part Models" (PCB), ECCV 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_between, require_proper_fraction
from textreid.losses._base import Loss, Sizes
from textreid.losses._heads import Classifier, Head, make_neck
from textreid.types import Batch, Encoded, Features


@dataclass(frozen=True)
class Config:
    """Options of `Identification`.

    Attributes:
        weight: factor in the objective.
        smoothing: fraction of each label that is spread over all classes, in [0, 1).
        neck: batch normalisation before the classifier, one for each modality.
        dropout: after the neck, in [0, 1).
        classifier: "shared" by both modalities, which ties them, or "separate".
        head: "linear", "cosine", "arc" or "circle".
        scale: of the cosines of the last three.
        margin: of the last three; with 0 the "cosine" head only normalises.
    """

    weight: float = 1.0
    smoothing: float = 0.1
    neck: bool = True
    dropout: float = 0.0
    classifier: Literal["shared", "separate"] = "shared"
    head: Head = "linear"
    scale: float = 64.0
    margin: float = 0.35

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 0, 100, "margin")
        require_proper_fraction(self, "smoothing", "dropout")
        require_above(self, 0, "scale")


class Identification(Loss):
    """Cross-entropy over identities of both modalities; the mean over parts, each with its own classifier.

    Pulls every image and text of an identity to one class vector. Works with any batch of two rows or
    more; unlike `sdm` and `triplet` it compares with all identities of the data, not with the batch's alone.
    Rows of nobody known are left out, of the neck's statistics too. Carries weights for training only (necks
    and classifiers), which never ship.
    """

    across_ranks = False

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.image_neck, self.text_neck = (
            make_neck(sizes.parts * sizes.part_dim, normalised=config.neck, dropout=config.dropout)
            for _ in range(2)
        )
        self.classifiers = nn.ModuleList(
            Classifier(
                sizes.parts,
                sizes.part_dim,
                sizes.classes,
                head=config.head,
                scale=config.scale,
                margin=config.margin,
            )
            for _ in range(1 if config.classifier == "shared" else 2)
        )

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of the modalities that the batch has.

        Args:
            encoded: `image.parts` [B, P, D'] and `text.parts` [T, P, D'].
            batch: `labels` [B], each in -1 … C-1; `text_rows` [T].
        """
        rows = [(self.image_neck, self.classifiers[0], encoded.image, batch.labels)]
        if encoded.text is not None:
            rows.append((self.text_neck, self.classifiers[-1], encoded.text, batch.text_labels))
        least = 2 if self.training and self.config.neck else 1  # the neck needs a spread
        terms = [self._cross_entropy(*row) for row in rows if (row[-1] >= 0).sum() >= least]
        return torch.stack(terms).mean() if terms else encoded.nothing()

    def _cross_entropy(
        self, neck: nn.Module, classifier: nn.Module, features: Features, labels: Tensor
    ) -> Tensor:
        parts, labels = features.parts.float()[labels >= 0], labels[labels >= 0]
        logits = classifier(neck(parts.flatten(1)).view_as(parts), labels)
        labels = labels[:, None].expand(-1, parts.shape[1])
        return F.cross_entropy(logits.mT, labels, label_smoothing=self.config.smoothing)
