"""Masked language modelling through the image (Jiang & Ye, "Cross-Modal Implicit Relation...", CVPR 2023)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_at_least, require_between
from textreid.errors import InputError
from textreid.losses._base import Loss, Sizes
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `MaskedLanguageModelling`.

    Attributes:
        weight: factor in the objective.
        layers: transformer layers after the words have looked at the image.
        width: numbers in a token inside them.
        heads: of every attention; they divide the width.
    """

    weight: float = 1.0
    layers: int = 4
    width: int = 512
    heads: int = 8

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_between(self, 1, 100, "layers")
        require_between(self, 1, 16_384, "width", "heads")
        if self.width % self.heads:
            raise InputError(f"loss.mlm: {self.heads} heads do not divide a width of {self.width}.")


class MaskedLanguageModelling(Loss):
    """Guesses hidden words from the other words and the image, so both towers must tell fine details.

    The tokens of the text with words hidden attend to the image's tokens, pass through transformer
    layers, and at the hidden places alone become logits over the vocabulary: "a woman in a [MASK] coat" can
    only be filled in by looking. The loss is their cross-entropy, averaged over the hidden words; uniform
    guessing costs ln V. The weights are needed in training only. Identities do not matter to it.

    Raises:
        InputError: the model reads no text.
    """

    across_ranks = False

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        if not sizes.text_width:
            raise InputError("[loss.mlm] guesses words, and this model reads none: leave it out.")
        width = config.width
        self.text = nn.Sequential(nn.Linear(sizes.text_width, width), nn.LayerNorm(width))
        self.image = nn.Sequential(nn.Linear(sizes.image_width, width), nn.LayerNorm(width))
        self.look = nn.MultiheadAttention(width, config.heads, batch_first=True)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, config.heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(config.layers)
        )
        self.guess = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width)
        )
        self.vocabulary = nn.Linear(width, sizes.vocabulary)

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32; a zero without texts or hidden words.

        Args:
            encoded: `masked.tokens` [T, L, C'] and `masked.mask` [T, L], `image.tokens` [B, h*w, C].
            batch: `masked_targets` [T, L], `text_rows` [T].

        Raises:
            InputError: no words are hidden in this training.
        """
        if encoded.text is None or not len(batch.text_rows):
            return encoded.nothing()
        if encoded.masked is None or batch.masked_targets is None:
            raise InputError("[loss.mlm] guesses hidden words: hide some by `predict = 0.15` in [text].")
        image, text, mask = encoded.image.tokens, encoded.masked.tokens, encoded.masked.mask
        assert image is not None
        assert text is not None
        assert mask is not None
        states = self._states(image.float()[batch.text_rows], text.float(), mask)
        hidden = batch.masked_targets >= 0
        logits = self.vocabulary(self.guess(states[hidden])).float()
        losses = F.cross_entropy(logits, batch.masked_targets[hidden], reduction="sum")
        return losses / hidden.sum().clamp(min=1)

    def _states(self, image: Tensor, text: Tensor, mask: Tensor) -> Tensor:
        """[T, L, width], what is known at each place of each text."""
        words, patches = self.text(text), self.image(image)
        states: Tensor = words + self.look(words, patches, patches, need_weights=False)[0]
        for layer in self.layers:
            states = layer(states, src_key_padding_mask=~mask)
        return states
