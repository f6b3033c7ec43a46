"""Vectors and the encoder they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from textreid_index.errors import EncoderMismatchError, InvalidValueError
from textreid_index.records import Record

UNIT_TOLERANCE = 1e-3
"""How far a norm may be from 1: half-precision encoders stay within it."""


@dataclass(frozen=True)
class EncoderInfo:
    """Which encoder made a vector.

    Attributes:
        name: what a user types to load it, for example "pocket".
        fingerprint: hash of its weights and preprocessing.
        dim: numbers in a vector.
    """

    name: str
    fingerprint: str
    dim: int

    def __str__(self) -> str:
        return f"'{self.name}' ({self.dim} numbers, fingerprint {self.fingerprint[:12]})"


@dataclass(frozen=True)
class Embeddings:
    """Vectors of one encoder, one row an id. The array is not copied; do not write to it afterwards.

    Attributes:
        ids: N names, of people or of queries.
        vectors: [N, D] float32, finite, each of length 1 (within 0.001).
        encoder: where the vectors come from; its `dim` is D.

    Raises:
        InvalidValueError: wrong shape or type, not finite, or not of unit length; names the first such id.
    """

    ids: tuple[str, ...]
    vectors: np.ndarray
    encoder: EncoderInfo

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", tuple(self.ids))
        expected = (len(self.ids), self.encoder.dim)
        if self.vectors.shape != expected:
            raise InvalidValueError(f"Expected vectors of shape {expected}, got {self.vectors.shape}.")
        if self.vectors.dtype != np.float32:
            raise InvalidValueError(f"Expected float32 vectors, got {self.vectors.dtype}.")
        norms = np.sqrt(np.einsum("nd,nd->n", self.vectors, self.vectors))
        bad = np.flatnonzero(~(np.abs(norms - 1) <= UNIT_TOLERANCE))
        if len(bad):
            raise InvalidValueError(
                f"The vector of '{self.ids[bad[0]]}' has length {norms[bad[0]]:g} instead of 1"
                f" ({len(bad)} of {len(self.ids)} vectors are not of unit length). Divide each by its norm."
            )

    def __len__(self) -> int:
        return len(self.ids)


def require_same_encoder(gallery: EncoderInfo, vectors: EncoderInfo) -> None:
    """Refuse vectors that live in another space than the gallery's; the same weights by another name do not.

    Raises:
        EncoderMismatchError: names both encoders.
    """
    if (gallery.fingerprint, gallery.dim) != (vectors.fingerprint, vectors.dim):
        right = "NAME, the folder of the first" if gallery.name == vectors.name else gallery.name
        raise EncoderMismatchError(
            f"This gallery was made with the encoder {gallery}; these vectors come from {vectors}."
            f" Use --model {right}, or index the photos again into a new gallery."
        )


def require_same_people(
    records: Sequence[Record], embeddings: Embeddings, thumbnails: Sequence[bytes]
) -> list[str]:
    """The ids of people to add.

    Raises:
        InvalidValueError: an id occurs twice, or the three are not of the same people in the same order.
    """
    ids = [record.id for record in records]
    if tuple(ids) != embeddings.ids or len(thumbnails) != len(ids):
        raise InvalidValueError(
            f"Records, embeddings and thumbnails must describe the same people in the same order:"
            f" {len(ids)} records, {len(embeddings)} embeddings, {len(thumbnails)} thumbnails."
        )
    if len(set(ids)) != len(ids):
        twice = next(id for place, id in enumerate(ids) if id in ids[:place])
        raise InvalidValueError(f"The id '{twice}' occurs twice among the people to add.")
    return ids
