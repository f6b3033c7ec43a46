"""The toy model with a matcher that knows more than its vectors do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from tests.helpers.toy import ToyEncoder
from textreid.inference.reranker import NEIGHBOUR_TEMPERATURE, NEIGHBOUR_VOTED_HITS, NEIGHBOURS


class UpperAndLower:
    """A matcher that tells which colour is above; it counts the images that it was shown."""

    weight = 1.0

    def __init__(self) -> None:
        self.toy = ToyEncoder()

    @property
    def images_seen(self) -> int:
        return self.toy.images_seen

    def image_tokens(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> list[np.ndarray]:
        return list(self.toy.encode_images(images))

    def text_tokens(self, text: str) -> np.ndarray:
        return self.toy.encode_texts([text])[0]

    def score_pairs(self, text_tokens: np.ndarray, image_tokens: Sequence[np.ndarray]) -> np.ndarray:
        return (8 * (np.stack(image_tokens) @ text_tokens) - 4).astype(np.float32)


class UpperAndLowerOfPhotos:
    """An image matcher that tells which colour is above; it counts the images that it was shown."""

    weight = 1.0

    def __init__(self) -> None:
        self.toy = ToyEncoder()

    @property
    def images_seen(self) -> int:
        return self.toy.images_seen

    def image_tokens(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> list[np.ndarray]:
        return list(self.toy.encode_images(images))

    def score_pairs(self, query_tokens: np.ndarray, image_tokens: Sequence[np.ndarray]) -> np.ndarray:
        return (8 * (np.stack(image_tokens) @ query_tokens) - 4).astype(np.float32)


class MixedUp(ToyEncoder):
    """Its vectors tell which colours somebody wears; only its matcher tells which of them is above."""

    matcher = UpperAndLower()

    def encode_images(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> np.ndarray:
        return mixed(super().encode_images(images))

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
        return mixed(super().encode_texts(texts))


class MixedUpPhotos(MixedUp):
    """Two images, too, only a matcher of them tells apart."""

    image_matcher = UpperAndLowerOfPhotos()


def mixed(vectors: np.ndarray) -> np.ndarray:
    both = vectors[:, :11] + vectors[:, 11:]
    twice = np.concatenate([both, both], axis=1)
    return (twice / np.linalg.norm(twice, axis=1, keepdims=True)).astype(np.float32)


def order_by_hand(scores: np.ndarray, vectors: np.ndarray) -> list[int]:
    """The order of hits, in loops."""
    order = sorted(range(len(scores)), key=lambda n: -scores[n])

    def voted(hit: int) -> float:
        cosines = [float(vectors[hit] @ other) for other in vectors]
        nearest = sorted(range(len(scores)), key=lambda n: -cosines[n])[:NEIGHBOURS]
        weights = [np.exp(cosines[n] / NEIGHBOUR_TEMPERATURE) for n in nearest]
        return scores[hit] + np.average([scores[n] for n in nearest], weights=weights)

    first = sorted(order[:NEIGHBOUR_VOTED_HITS], key=lambda n: -voted(n))
    return first + order[NEIGHBOUR_VOTED_HITS:]
