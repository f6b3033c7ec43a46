"""Alignment of phrases with patches: each part of a text looks for its place in the image.

The late interaction of Yao et al., "FILIP: Fine-grained Interactive Language-Image Pre-Training", ICLR 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_above, require_at_least
from textreid.losses._base import Loss, Sizes
from textreid.pairs import comparisons, weighted_mean
from textreid.types import Batch, Encoded, Features


@dataclass(frozen=True)
class Config:
    """Options of `Alignment`.

    Attributes:
        weight: factor in the objective.
        temperature: scores are divided by it before the softmax.
        phrases: what looks for its place: the "parts" that a branch makes of a text, or its "words".
    """

    weight: float = 1.0
    temperature: float = 0.05
    phrases: Literal["parts", "words"] = "parts"

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_above(self, 0, "temperature")


class Alignment(Loss):
    """Contrasts images with texts by their best places: the cosine of each phrase with its best patch.

        score(text, image) = mean over phrases of (max over patches of cos(phrase, W patch))

    and cross-entropy of the softmax over scores against who belongs together, both ways. A phrase pulls one
    patch of the images of its identity to itself, wherever it is, and the best of others away; patches that
    no phrase asks for are left alone, so that backgrounds need no words. `itc` is the same with one phrase
    and one patch. The map W of patches, and that of words, are for training only; what they teach reaches
    the search vector through the towers and the branch's parts. Needs two identities or more in a batch.
    """

    across_ranks = False

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.patches = nn.Linear(sizes.image_width, sizes.part_dim, bias=False)
        if config.phrases == "words":
            self.words = nn.Linear(sizes.text_width, sizes.part_dim, bias=False)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of both directions; 0 without texts.

        Args:
            encoded: `image.tokens` [B, L, C]; `text.parts` [T, P, D'] or `text.tokens` [T, L, C] with a mask.
            batch: `labels` [B], `text_rows` and `trust` [T].
        """
        directions = comparisons(encoded, batch, "across")
        if not directions or encoded.text is None:
            return encoded.nothing()
        scores = self.scores(encoded.image, encoded.text) / self.config.temperature
        terms = []
        for side, logits in zip(directions, (scores, scores.T), strict=True):
            targets = side.positive / side.positive.sum(dim=1, keepdim=True).clamp(min=1)
            entropy = -(targets * F.log_softmax(logits, dim=1)).sum(dim=1)
            terms.append(weighted_mean(entropy, side.trust * side.positive.any(dim=1)))
        return torch.stack(terms).mean()

    def scores(self, image: Features, text: Features) -> Tensor:
        """[T, B] float32 in -1 … 1, how well the phrases of each text find their places in each image."""
        assert image.tokens is not None
        patches = F.normalize(self.patches(image.tokens.float()), dim=2)
        phrases, real = self._phrases(text)
        best = torch.einsum("tpd,bld->tbpl", phrases, patches).amax(dim=3)  # [T, B, P]
        return (best * real[:, None]).sum(dim=2) / real.sum(dim=1, keepdim=True).clamp(min=1)

    def _phrases(self, text: Features) -> tuple[Tensor, Tensor]:
        """[T, P, D'] at unit length, and [T, P], 1 where a phrase is real."""
        if self.config.phrases == "words":
            assert text.tokens is not None
            assert text.mask is not None
            return F.normalize(self.words(text.tokens.float()), dim=2), text.mask.float()
        parts = F.normalize(text.parts.float(), dim=2)
        return parts, torch.ones_like(parts[..., 0])
