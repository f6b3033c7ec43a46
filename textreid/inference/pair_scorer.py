"""The matchers of a joint model at work: an image and a text, or two images, scored together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from textreid.models.joint import JointModel


class _JointScorer:
    """What both kinds have in common.

    Args:
        model: with the matcher, in evaluation mode.
        matcher: that part of it.
        read_images: B crops -> [B, ...], what the matcher reads of them.
    """

    def __init__(
        self, model: JointModel, matcher: Any, read_images: Callable[[Sequence[Image]], Tensor]
    ) -> None:
        self._model, self._matcher, self._read_images = model, matcher, read_images

    @property
    def weight(self) -> float:
        """The cosine that one unit of a logit is worth where both put hits into order."""
        weight: float = self._matcher.config.weight
        return weight

    @torch.inference_mode()
    def image_tokens(self, images: Sequence[Image], *, batch_size: int = 64) -> list[np.ndarray]:
        """Float16 of each image: [P, C] for texts, P places of its grid; [W, h, w] for images.

        Args:
            images: N upright RGB crops of one person each, any size.
            batch_size: how many go through the image tower at once.
        """
        return [
            tokens
            for start in range(0, len(images), batch_size)
            for tokens in self._read_images(images[start : start + batch_size]).half().cpu().numpy()
        ]

    def _load(self, tokens: np.ndarray) -> Tensor:
        return torch.from_numpy(tokens).to(self._model.device, self._model.dtype)


class JointPairScorer(_JointScorer):
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
        super().__init__(model, model.matcher, read_images)
        self._read_texts = read_texts

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
        images, words = self._load(np.stack(image_tokens))[None], self._load(text_tokens)[None]
        mask = torch.ones(words.shape[:2], dtype=torch.bool, device=words.device)
        return self._matcher.score_pairs(images, words, mask)[0].cpu().numpy()


class JointImagePairScorer(_JointScorer):
    """A `textreid.types.ImagePairScorer`: the image matcher of a joint model.

    Args:
        model: with an image matcher, in evaluation mode.
        read_images: B crops -> [B, W, h, w], what the image matcher reads.
    """

    def __init__(self, model: JointModel, read_images: Callable[[Sequence[Image]], Tensor]) -> None:
        super().__init__(model, model.image_matcher, read_images)

    @torch.inference_mode()
    def score_pairs(self, query_tokens: np.ndarray, image_tokens: Sequence[np.ndarray]) -> np.ndarray:
        """[N] float32 logits that the query's image and each image show one person.

        Args:
            query_tokens: [W, h, w] of one image.
            image_tokens: [W, h, w] of each of N images.
        """
        if not len(image_tokens):
            return np.empty(0, np.float32)
        images = self._load(np.stack(image_tokens))
        query = self._load(query_tokens).expand_as(images)
        return self._matcher.score_pairs(query, images).cpu().numpy()
