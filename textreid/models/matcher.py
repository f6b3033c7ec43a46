"""Does this sentence describe this image? Read from the tokens of both, for one pair at a time.

Two towers compare one vector with one vector, so what stands where is lost in the pooling: "a red shirt and
blue trousers" lies next to a blue shirt and red trousers. Here every word looks at the image before anything
is pooled (the matching head of Li et al., "Align before Fuse", NeurIPS 2021). That costs a forward pass for
each pair, so it orders the best hits of a search anew instead of searching.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from textreid.errors import InputError


@dataclass(frozen=True)
class MatcherConfig:
    """Options of `Matcher`.

    Attributes:
        layers: how often the words look at the image.
        width: numbers in a token while they do.
        heads: of every attention; they divide the width.

    Raises:
        InputError: the heads do not divide the width.
    """

    layers: int = 1
    width: int = 256
    heads: int = 4

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise InputError(f"model.matcher: {self.heads} heads do not divide a width of {self.width}.")


class Matcher(nn.Module):
    """A transformer whose sentence tokens attend to each other, then to the image, pooled to one logit.

    Layers normalise before they attend. Tokens are pooled by mean (how well the words fit) and maximum (does
    any word not fit).

    Args:
        config: its size.
        image_width: C, length of an image token.
        text_width: C', length of a sentence token.
    """

    def __init__(self, config: MatcherConfig, *, image_width: int, text_width: int) -> None:
        super().__init__()
        width = config.width
        self.image = nn.Sequential(nn.LayerNorm(image_width), nn.Linear(image_width, width))
        self.text = nn.Sequential(nn.LayerNorm(text_width), nn.Linear(text_width, width))
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(
                width, config.heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(config.layers)
        )
        self.verdict = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, 1))

    def forward(self, image_tokens: Tensor, text_tokens: Tensor, text_mask: Tensor) -> Tensor:
        """[N] float32 logits that image and sentence i belong together.

        Args:
            image_tokens: [N, h*w, C].
            text_tokens: [N, L, C'].
            text_mask: [N, L] bool, True where a token is real; one or more in every row.
        """
        return self.judge(self.image(image_tokens), text_tokens, text_mask)

    def judge(self, image: Tensor, text_tokens: Tensor, text_mask: Tensor) -> Tensor:
        """The same of images that went through `image` before, [N, h*w, width]: they can be kept."""
        text = self.text(text_tokens)
        padding = ~text_mask
        for layer in self.layers:
            text = layer(text, image, tgt_key_padding_mask=padding)
        real = text_mask.unsqueeze(2)
        mean = (text * real).sum(1) / real.sum(1)
        maximum = text.masked_fill(~real, torch.finfo(text.dtype).min).amax(1)
        logits: Tensor = self.verdict(torch.cat([mean, maximum], dim=1)).squeeze(1).float()
        return logits
