"""The matcher of a joint model at work: an image and a text scored together, from the tokens of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from textreid.models.joint import JointModel


class JointPairScorer:
    """A `textreid.types.PairScorer`: the matcher of a joint model.

    Args:
        model: with a matcher, in evaluation mode.
        read_images: B crops -> [B, P, C], the places that the matcher reads.
        read_texts: B texts -> "input_ids" and "attention_mask", [B, L] int64 each.
    """

    def __init__(
        self,
        model: JointModel,
        read_images: Callable[[Sequence[Image]], Tensor],
        read_texts: Callable[[Sequence[str]], Mapping[str, Tensor]],
    ) -> None:
        self._model, self._read_images, self._read_texts = model, read_images, read_texts

    @property
    def weight(self) -> float:
        """The cosine that one unit of a logit is worth where both put hits into order."""
        weight: float = self._model.matcher.config.weight
        return weight

    @torch.inference_mode()
    def image_tokens(self, images: Sequence[Image], *, batch_size: int = 64) -> list[np.ndarray]:
        """[P, C] float16 of each image, P places of its grid.

        Args:
            images: N upright RGB crops of one person each, any size.
            batch_size: how many go through the image tower at once.
        """
        return [
            tokens
            for start in range(0, len(images), batch_size)
            for tokens in self._read_images(images[start : start + batch_size]).half().cpu().numpy()
        ]

    @torch.inference_mode()
    def text_tokens(self, text: str) -> np.ndarray:
        """[L, C'] float32 of one text, L tokens."""
        tokens: Any = self._model.encode_text(**self._read_texts([text])).tokens
        return tokens[0].float().cpu().numpy()

    @torch.inference_mode()
    def score_pairs(self, text_tokens: np.ndarray, image_tokens: Sequence[np.ndarray]) -> np.ndarray:
        """[N] float32 logits that the text describes each image.

        Args:
            text_tokens: [L, C'] of one text.
            image_tokens: [P, C] of each of N images.
        """
        if not len(image_tokens):
            return np.empty(0, np.float32)
        device, dtype = self._model.device, self._model.dtype
        images = torch.from_numpy(np.stack(image_tokens)).to(device, dtype)[None]
        words = torch.from_numpy(text_tokens).to(device, dtype)[None]
        mask = torch.ones(words.shape[:2], dtype=torch.bool, device=device)
        return self._model.matcher.score_pairs(images, words, mask)[0].cpu().numpy()
