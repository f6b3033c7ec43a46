"""The values that flow between the parts of textreid: frozen, checked at birth, never edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class PersonCrop:
    """One image of one person as a data set describes it: raw facts, no tensors.

    Attributes:
        id: unique within the data set (its path relative to the root).
        image: file that holds the crop.
        person_id: the data set's own identity number; -1 marks junk, None an unknown person.
        camera_id: the data set's own camera number; None where it has none.
        captions: sentences that describe this image, possibly none.
        attributes: attribute name -> value, identity or image level, possibly empty.
        split: "train", "val", "test", "query" or "gallery".
        time: frame time in seconds where the data set has one.
    """

    id: str
    image: Path
    person_id: int | None
    camera_id: int | None = None
    captions: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    split: str = "train"
    time: float | None = None


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    Attributes:
        images: [B, 3, H, W] float32, normalised as the image tower expects.
        token_ids: [B, L] int64, padded to the longest caption of the batch.
        token_mask: [B, L] int64, 1 where a token is real.
        labels: [B] int64, contiguous training class of each pair.
        image_ids: [B] int64, equal where two pairs show the same image.
        camera_ids: [B] int64, -1 where unknown.
    """

    images: Tensor
    token_ids: Tensor
    token_mask: Tensor
    labels: Tensor
    image_ids: Tensor
    camera_ids: Tensor

    def to(self, device: str) -> Batch:
        """The same batch on another device."""
        return Batch(**{name: tensor.to(device, non_blocking=True) for name, tensor in vars(self).items()})


@dataclass(frozen=True)
class Encoded:
    """Both modalities of a batch in the joint space, before L2 normalisation.

    Attributes:
        image: [B, D] float32.
        text: [B, D] float32; row i describes image i.
    """

    image: Tensor
    text: Tensor


@dataclass(frozen=True)
class LossReport:
    """The outcome of one step: the weighted total and each named term before its weight.

    Attributes:
        total: [] float32, with a graph.
        terms: name -> [] float32, detached.
    """

    total: Tensor
    terms: Mapping[str, Tensor]
