"""Does this sentence describe this image? Read from the tokens of both, for one pair at a time.

Two towers compare one vector with one vector, so what stands where is lost in the pooling: "a red shirt and
blue trousers" lies next to a blue shirt and red trousers. Here every word looks for its place in the image
and is compared with what it finds there (stacked cross attention: Lee et al., "Stacked Cross Attention for
Image-Text Matching", ECCV 2018). That costs some work for each pair, so it orders the best hits of a search
anew instead of searching.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_at_least
from textreid.errors import InputError

DROPOUT = 0.1


@dataclass(frozen=True)
class MatcherConfig:
    """Options of `Matcher`.

    Attributes:
        width: numbers in a token while words and places are compared.
        heads: places that a word looks for at once; they divide the width.
        weight: how much cosine one unit of the matcher's logit is worth where both put hits into order.

    Raises:
        InputError: the heads do not divide the width, or `weight` is negative.
    """

    width: int = 256
    heads: int = 4
    weight: float = 0.01

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise InputError(f"model.matcher: {self.heads} heads do not divide a width of {self.width}.")
        require_at_least(self, 0, "weight")


class Matcher(nn.Module):
    """Words that each look at an image, say how well they fit what they find, and how much that counts.

    With t a word and v the places, both normalised and mapped to one width, h heads of d numbers each, and a
    hat for unit length:

        u = Σ softmax over places of (Q t · K v / √d) v      what the word finds, head by head
        f, s = MLP([√width t̂ ∘ û, t - u])                    how well it fits, and its say
        logit = 4 Σ softmax over words of (s) f

    The paper compares t with u by their cosine alone.

    Args:
        config: its size.
        image_width: C, length of an image token.
        text_width: C', length of a sentence token.
    """

    def __init__(self, config: MatcherConfig, *, image_width: int, text_width: int) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.image = nn.Sequential(nn.LayerNorm(image_width), nn.Linear(image_width, width))
        self.text = nn.Sequential(nn.LayerNorm(text_width), nn.Linear(text_width, width))
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.verdict = nn.Sequential(
            nn.Linear(2 * width, width), nn.GELU(), nn.Dropout(DROPOUT), nn.Linear(width, 2)
        )

    def forward(self, image_tokens: Tensor, text_tokens: Tensor, text_mask: Tensor) -> Tensor:
        """[N] float32 logits that image and sentence i belong together.

        Args:
            image_tokens: [N, h*w, C].
            text_tokens: [N, L, C'].
            text_mask: [N, L] bool, True where a token is real; one or more in every row.
        """
        return self.judge(self.image(image_tokens)[:, None], text_tokens, text_mask)[:, 0]

    def judge(self, images: Tensor, text_tokens: Tensor, text_mask: Tensor) -> Tensor:
        """[N, K] float32 logits that sentence n describes each of its K images.

        Args:
            images: [N, K, h*w, width], tokens that went through `image` before: they can be kept.
            text_tokens: [N, L, C'].
            text_mask: [N, L] bool, as above.
        """
        words = self.text(text_tokens)[:, None]  # [N, 1, L, width]
        values = self._heads(images)
        looks = self._heads(self.query(words)) @ self._heads(self.key(images)).transpose(-1, -2)
        attention = (looks / math.sqrt(values.shape[-1])).softmax(dim=-1)  # [N, K, heads, L, h*w]
        found = (attention @ values).transpose(-2, -3).flatten(-2)  # [N, K, L, width]
        alike = F.normalize(words, dim=-1) * F.normalize(found, dim=-1) * math.sqrt(self.config.width)
        fit, say = self.verdict(torch.cat([alike, words - found], dim=-1)).float().unbind(dim=-1)
        shares = say.masked_fill(~text_mask[:, None], -torch.inf).softmax(dim=-1)
        logits: Tensor = 4 * (fit * shares).sum(dim=-1)
        return logits

    def _heads(self, tokens: Tensor) -> Tensor:
        """[N, K, heads, L, d] of [N, K, L, width]."""
        return tokens.unflatten(-1, (self.config.heads, -1)).transpose(-2, -3)
