"""Does this text describe this image? Every word looks for its place in the image.

Two towers compare one vector with one vector, so what stands where is lost in the pooling: "a red shirt and
blue trousers" lies next to a blue shirt and red trousers. Here each word is compared with what it finds in
the image (stacked cross attention: Lee et al., "Stacked Cross Attention for Image-Text Matching", ECCV 2018).
That costs some work for each pair, so it orders the best hits of a search anew instead of searching.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_at_least, require_between
from textreid.errors import InputError
from textreid.models.matchers._matcher import Matcher

DROPOUT = 0.1


@dataclass(frozen=True)
class Config:
    """Options of `CrossAttention`.

    Attributes:
        width: numbers in a token while words and places are compared.
        heads: places that a word looks for at once; they divide the width.
        weight: how much cosine one unit of the logit is worth where both put hits into order.

    Raises:
        InputError: the heads do not divide the width, or `weight` is negative.
    """

    width: int = 256
    heads: int = 4
    weight: float = 0.01

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, 16_384, "width", "heads")
        if self.width % self.heads:
            raise InputError(f"model.matcher: {self.heads} heads do not divide a width of {self.width}.")


class CrossAttention(Matcher):
    """Words that each look at an image; each has a fit with what it finds, and an importance.

    With t a word and v the places, both normalised and mapped to one width, h heads of d numbers each, and a
    hat for unit length:

        u = Σ softmax over places of (Q t · K v / √d) v      what the word finds, head by head
        f, s = MLP([√width t̂ ∘ û, t - u])                    how well it fits, and how important it is
        logit = 4 Σ softmax over words of (s) f

    The paper compares t with u by their cosine alone.

    Args:
        config: its size.
        image_width: C, length of an image token.
        other_width: C', length of a text token.
    """

    config: Config

    def __init__(self, config: Config, *, image_width: int, other_width: int) -> None:
        super().__init__(config)
        width = config.width
        self.image = nn.Sequential(nn.LayerNorm(image_width), nn.Linear(image_width, width))
        self.text = nn.Sequential(nn.LayerNorm(other_width), nn.Linear(other_width, width))
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.verdict = nn.Sequential(  # its name is that of its weights in the folders of models
            nn.Linear(2 * width, width), nn.GELU(), nn.Dropout(DROPOUT), nn.Linear(width, 2)
        )

    def read_images(self, tokens: Tensor) -> Tensor:
        """See `Matcher.read_images`; W is the matcher's width."""
        places: Tensor = self.image(tokens)
        return places

    def score_pairs(self, images: Tensor, others: Tensor, mask: Tensor | None = None) -> Tensor:
        """See `Matcher.score_pairs`."""
        words = self.text(others)[:, None]  # [N, 1, L, width]
        values = self._heads(images)
        looks = self._heads(self.query(words)) @ self._heads(self.key(images)).transpose(-1, -2)
        attention = (looks / math.sqrt(values.shape[-1])).softmax(dim=-1)  # [N, K, heads, L, P]
        found = (attention @ values).transpose(-2, -3).flatten(-2)  # [N, K, L, width]
        agreement = F.normalize(words, dim=-1) * F.normalize(found, dim=-1) * math.sqrt(self.config.width)
        judged = self.verdict(torch.cat([agreement, words - found], dim=-1)).float()
        fit, importance = judged.unbind(dim=-1)  # [N, K, L] each
        if mask is not None:
            importance = importance.masked_fill(~mask[:, None], -torch.inf)
        logits: Tensor = 4 * (fit * importance.softmax(dim=-1)).sum(dim=-1)
        return logits

    def _heads(self, tokens: Tensor) -> Tensor:
        """[N, K, heads, L, d] of [N, K, L, width]."""
        return tokens.unflatten(-1, (self.config.heads, -1)).transpose(-2, -3)
