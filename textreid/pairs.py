"""Who belongs together in a batch, and how far each pair is believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.types import Batch, Encoded

Pairs = Literal["all", "images", "across"]
"""What is compared: images with images, images with texts (both ways), or both."""


@dataclass(frozen=True)
class Comparison:
    """Anchors, the vectors that each is compared with, and who belongs together.

    Attributes:
        anchors: [N, D] float32.
        others: [M, D] float32.
        positive: [N, M] bool, both are of one identity; False for a row with itself.
        negative: [N, M] bool, they are not; a pair that is neither is left out.
        trust: [N] float32, how much each anchor counts.
    """

    anchors: Tensor
    others: Tensor
    positive: Tensor
    negative: Tensor
    trust: Tensor

    @property
    def cosine(self) -> Tensor:
        """[N, M] float32."""
        return F.normalize(self.anchors, dim=1) @ F.normalize(self.others, dim=1).T


def comparisons(encoded: Encoded, batch: Batch, pairs: Pairs = "all") -> list[Comparison]:
    """Images with images, texts with images, and images with texts, as far as `pairs` asks.

    A text counts as an anchor by its trust, an image that is compared with texts by the mean trust of
    its own, or in full where it has none. Two images are a pair only if somebody knows who both show; a
    text belongs to its image in any case.

    Returns:
        None of those across modalities where the batch has no texts.
    """
    image = encoded.image.pooled.float()
    found = []
    if pairs != "across":
        found.append(Comparison(image, image, *image_image(batch), torch.ones_like(image[:, 0])))
    if pairs != "images" and encoded.text is not None and len(encoded.text.pooled):
        text, same = encoded.text.pooled.float(), text_image(batch)
        found.append(Comparison(text, image, same, ~same, batch.trust))
        found.append(Comparison(image, text, same.T, ~same.T, _trust_in_images(batch)))
    return found


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """[] float32; 0, with a graph, if all weights are 0."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


def text_image(batch: Batch) -> Tensor:
    """[T, B] bool: the text describes that image, or another of the same identity."""
    return own_pairs(batch) | same_label(batch.text_labels[:, None], batch.labels[None, :])


def own_pairs(batch: Batch) -> Tensor:
    """[T, B] bool: the text was written for that image."""
    rows = torch.arange(len(batch.labels), device=batch.labels.device)
    return batch.text_rows[:, None] == rows


def image_image(batch: Batch) -> tuple[Tensor, Tensor]:
    """[B, B] bool each: two images of one identity, and images of two, both known."""
    known = (batch.labels[:, None] >= 0) & (batch.labels[None, :] >= 0)
    same = same_label(batch.labels[:, None], batch.labels[None, :])
    itself = torch.eye(len(batch.labels), dtype=torch.bool, device=batch.labels.device)
    return same & ~itself, known & ~same


def same_label(left: Tensor, right: Tensor) -> Tensor:
    """[...] bool, both labels name one identity; -1 names nobody."""
    return (left == right) & (left >= 0)


def _trust_in_images(batch: Batch) -> Tensor:
    own = own_pairs(batch).float()
    texts = own.sum(dim=0)
    return torch.where(texts > 0, batch.trust @ own / texts.clamp(min=1), 1.0)
