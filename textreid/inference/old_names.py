"""The matcher as version 0.1 spelled it: each name still works, and says what it is called now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from textreid.errors import warn_renamed
from textreid.inference.reranker import require_matcher

if TYPE_CHECKING:
    from PIL.Image import Image

    from textreid.types import ImageTextEncoder


class OldEncoderNames:
    """What `textreid.Encoder` had before it had a `matcher`."""

    @property
    def has_matcher(self: ImageTextEncoder) -> bool:
        """Now `matcher is not None`."""
        warn_renamed("Encoder.has_matcher", "Encoder.matcher is not None")
        return self.matcher is not None

    @property
    def say(self: ImageTextEncoder) -> float:
        """Now `matcher.weight`."""
        warn_renamed("Encoder.say", "Encoder.matcher.weight")
        return require_matcher(self).weight

    def match(self: ImageTextEncoder, text: str, images: Sequence[Image]) -> np.ndarray:
        """Now `matcher.score_pairs(matcher.text_tokens(text), matcher.image_tokens(images))`."""
        warn_renamed("Encoder.match", "Encoder.matcher.score_pairs")
        matcher = require_matcher(self)
        return matcher.score_pairs(matcher.text_tokens(text), matcher.image_tokens(images))

    def image_tokens(
        self: ImageTextEncoder, images: Sequence[Image], *, batch_size: int = 64
    ) -> list[np.ndarray]:
        """Now `matcher.image_tokens`."""
        warn_renamed("Encoder.image_tokens", "Encoder.matcher.image_tokens")
        return require_matcher(self).image_tokens(images, batch_size=batch_size)

    def matching(self: ImageTextEncoder, text: str) -> Callable[[Sequence[np.ndarray]], np.ndarray]:
        """Now `matcher.score_pairs`, of the tokens that `matcher.text_tokens` gives."""
        warn_renamed("Encoder.matching", "Encoder.matcher.score_pairs")
        matcher = require_matcher(self)
        return partial(matcher.score_pairs, matcher.text_tokens(text))
