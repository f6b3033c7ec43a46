"""The flip test of re-identification: an image and its mirror image vote together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageOps

from textreid.inference.reranker import image_matcher_of
from textreid.metrics.query_expansion import unit
from textreid.types import ImageTextEncoder


class FlipTest:
    """An `ImageTextEncoder` whose image vectors are the mean of an image's and its mirror image's.

    Args:
        encoder: what is measured. Its calibration is not handed on: the scores are others.
    """

    calibration = None

    def __init__(self, encoder: ImageTextEncoder) -> None:
        self._encoder = encoder
        self.info, self.reads_text, self.matcher = encoder.info, encoder.reads_text, encoder.matcher
        self.image_matcher = image_matcher_of(encoder)

    def encode_images(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> np.ndarray:
        """[N, D] float32 of unit norm, of N crops."""
        mirrored = [ImageOps.mirror(image) for image in images]
        plain, other = (
            self._encoder.encode_images(each, batch_size=batch_size) for each in (images, mirrored)
        )
        return unit(plain + other)

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
        """[N, D] float32 of unit norm, of N texts."""
        return self._encoder.encode_texts(texts, batch_size=batch_size)
