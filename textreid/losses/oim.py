"""Online instance matching: a table of everybody known, and a queue of people nobody knows.

Xiao et al., "Joint Detection and Identification Feature Learning for Person Search", CVPR 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_above, require_at_least, require_between, require_fraction
from textreid.losses._base import Loss, Sizes
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `OIM`.

    Attributes:
        weight: factor in the objective.
        temperature: τ, that cosines are divided by.
        momentum: how much of an identity's vector each image of it leaves.
        queue: images of nobody known that are remembered; 0 for none.
    """

    weight: float = 1.0
    temperature: float = 0.1
    momentum: float = 0.5
    queue: int = 5_000

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_above(self, 0, "temperature")
        require_fraction(self, "momentum")
        require_between(self, 0, 1_000_000, "queue")


class OIM(Loss):
    """Cross-entropy of each image over all identities and the latest images of nobody known, by cosine.

    An identity's vector is no weight that is learned: its images move it, v ← m v + (1 - m) x at length 1,
    one after the other, so that somebody with few images is learned as fast as others. Images of nobody known
    (label -1) are what everybody keeps away from, and learn nothing themselves: so a data set in which most
    people have no name teaches all the same. Table and queue move in the backward pass, and an identity is
    learned from its second image on. Unlike `identification` it has no classifier that a batch of few images
    of many people would starve. Images alone.
    """

    config: Config
    table: Tensor
    queue: Tensor
    queued: Tensor

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.register_buffer("table", torch.zeros(sizes.classes, sizes.dim))
        self.register_buffer("queue", torch.zeros(config.queue, sizes.dim))
        self.register_buffer("queued", torch.zeros((), dtype=torch.int64))

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean over images of identities known.

        Args:
            encoded: `image.pooled` [B, D].
            batch: `labels` [B], each in -1 … C-1.
        """
        vectors = F.normalize(encoded.image.pooled.float(), dim=1)
        labels = batch.labels
        if vectors.requires_grad:
            vectors.register_hook(lambda _: self.remember(vectors.detach(), labels))
        known = labels >= 0
        if not known.any():
            return encoded.nothing()
        full = min(int(self.queued), len(self.queue))  # what is not filled yet is nobody
        others = torch.cat([self.table, self.queue[:full]])
        return F.cross_entropy(vectors[known] @ others.T / self.config.temperature, labels[known])

    @torch.no_grad()
    def remember(self, vectors: Tensor, labels: Tensor) -> None:
        """Move the identities' vectors, and put who is not known in the place of who was queued first.

        Args:
            vectors: [B, D] float32, unit norm.
            labels: [B] int64.
        """
        momentum = self.config.momentum
        for vector, label in zip(vectors, labels.tolist(), strict=True):
            if label >= 0:
                moved = momentum * self.table[label] + (1 - momentum) * vector
                self.table[label] = F.normalize(moved, dim=0)
            elif label == -1 and len(self.queue):
                self.queue[int(self.queued) % len(self.queue)] = vector
                self.queued += 1
