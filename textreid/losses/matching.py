"""Image–text matching with hard negatives (Li et al., "Align before Fuse", NeurIPS 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_at_least
from textreid.errors import InputError
from textreid.losses._base import Loss
from textreid.pairs import text_image, weighted_mean
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `ImageTextMatching`.

    Attributes:
        weight: factor in the objective.
        temperature: cosines are divided by it before the softmax that wrong partners are drawn from; 0 takes
            the most similar one.
    """

    weight: float = 1.0
    temperature: float = 0.07

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight", "temperature")


class ImageTextMatching(Loss):
    """Teaches the model's matcher to tell a pair from the pairs that the joint space confuses with it.

    Each pair brings two wrong ones: its text with an image of somebody else, and its image with a
    text about somebody else, drawn from the softmax over the cosines of their pooled vectors, so the more
    similar ones come up more often. The loss is binary cross-entropy on the matcher's logits, averaged over
    right and wrong pairs; a right pair counts as far as it is trusted. It shapes the tokens of both towers;
    which pairs are hard follows from the pooled vectors, without a gradient. In a batch of one identity there
    are no wrong pairs.
    """

    across_ranks = False

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32; a zero without texts.

        Args:
            encoded: `score_pairs`, and `image.pooled` [B, D] and `text.pooled` [T, D] to find hard pairs by.
            batch: `labels` [B], `text_rows` [T], `trust` [T].

        Raises:
            InputError: the model has no matcher.
        """
        if encoded.text is None or not len(batch.text_rows):
            return encoded.nothing()
        if encoded.score_pairs is None:
            raise InputError("[loss.matching] trains a matcher: add a [model.matcher] table to the recipe.")
        image = F.normalize(encoded.image.pooled.detach().float(), dim=1)
        text = F.normalize(encoded.text.pooled.detach().float(), dim=1)
        cosines, other = text @ image.T, ~text_image(batch)  # [T, B]
        own, texts = batch.text_rows, torch.arange(len(text), device=text.device)
        asked, wrong_images = self._draw(cosines, other)
        shown, wrong_texts = self._draw(cosines.T[own], other.T[own])
        logits = encoded.score_pairs(
            torch.cat([own, wrong_images, own[shown]]),
            torch.cat([texts, texts[asked], wrong_texts]),
        )
        wrong = torch.zeros(len(logits) - len(own), device=logits.device)
        right = torch.cat([torch.ones_like(own, dtype=wrong.dtype), wrong])
        weights = torch.cat([batch.trust, wrong + 1])
        losses = F.binary_cross_entropy_with_logits(logits, right, reduction="none")
        return weighted_mean(losses, weights)

    def _draw(self, cosines: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """The rows that have an allowed column, and for each of them one such column."""
        rows = allowed.any(dim=1).nonzero().squeeze(1)
        candidates = cosines[rows].masked_fill(~allowed[rows], -torch.inf)
        if self.config.temperature == 0 or not len(rows):
            return rows, candidates.argmax(dim=1)
        chances = F.softmax(candidates / self.config.temperature, dim=1)
        return rows, chances.multinomial(1).squeeze(1)
