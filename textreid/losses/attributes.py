"""Attribute heads (Lin et al., "Improving Person Re-identification by Attribute and Identity Learning").

Pattern Recognition 2019. The weights against rare values follow Li et al., "Multi-attribute Learning for
Pedestrian Attribute Recognition" (DeepMAR), ACPR 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.config import require_at_least, require_proper_fraction
from textreid.errors import InputError
from textreid.losses._base import Loss, Sizes
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Config:
    """Options of `Attributes`.

    Attributes:
        weight: factor in the objective. The λ·L_id + mean L_att of the paper is [loss.identification] with
            weight λ beside [loss.attributes] with weight 1.
        smoothing: label smoothing, in [0, 1).
        balance: what rare values count. With r the fraction of a value among the known labels of its group so
            far, and V the group's values: "" 1; "exponential" e^(1 - r); "inverse" 1 / (V r).
        text: predict from the texts too, by the same heads.
    """

    weight: float = 1.0
    smoothing: float = 0.0
    balance: Literal["", "exponential", "inverse"] = ""
    text: bool = False

    def __post_init__(self) -> None:
        require_at_least(self, 0, "weight")
        require_proper_fraction(self, "smoothing")


class Attributes(Loss):
    """A linear head for each attribute group; the mean over the M groups of their cross-entropies.

    Each is the mean over the rows whose value is known, each row times what its value counts (see `Config`);
    a group without a known row adds nothing, and M stays. Pulls together whoever shares an attribute, which
    tells strangers apart by reasons; unlike `identification` it does not tell apart people who look alike.
    Works with any batch. Carries weights for training only (the heads), which never ship.
    """

    across_ranks = False
    counts: Tensor

    def __init__(self, config: Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        if not sizes.attributes:
            raise InputError(
                "The data have no attributes to learn from: name an annotation file, or read them from the"
                ' captions, with attributes = "captions" in the [[data]] table.'
            )
        self.values = [len(values) for values in sizes.attributes.values()]
        self.heads = nn.Linear(sizes.dim, sum(self.values))  # side by side
        self.register_buffer("counts", torch.zeros(sum(self.values)))  # known labels seen, for `balance`

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean of both modalities where texts count.

        Args:
            encoded: `image.pooled` [B, D], and for `text` `text.pooled` [T, D].
            batch: `attributes` [B, A] int64, -1 where unknown; `text_rows` [T].
        """
        if self.training:
            self._count(batch.attributes)
        terms = [self._cross_entropy(encoded.image.pooled, batch.attributes)]
        if self.config.text and encoded.text is not None:
            terms.append(self._cross_entropy(encoded.text.pooled, batch.attributes[batch.text_rows]))
        return torch.stack(terms).mean()

    @torch.no_grad()
    def predict(self, pooled: Tensor) -> Tensor:
        """[N, A] int64, the most probable value of each group.

        Args:
            pooled: [N, D] float32, as `encoded.image.pooled`.
        """
        return torch.stack([logits.argmax(dim=1) for logits in self._logits(pooled)], dim=1)

    def _logits(self, pooled: Tensor) -> tuple[Tensor, ...]:
        return self.heads(pooled.float()).split(self.values, dim=1)

    def _cross_entropy(self, pooled: Tensor, attributes: Tensor) -> Tensor:
        groups = []
        for logits, classes, counts in zip(
            self._logits(pooled), attributes.T, self.counts.split(self.values), strict=True
        ):
            known = classes >= 0
            each = F.cross_entropy(
                logits, classes, ignore_index=-1, reduction="none", label_smoothing=self.config.smoothing
            )
            weighted = each * self._value_weights(counts)[classes.clamp(min=0)]
            groups.append((weighted * known).sum() / known.sum().clamp(min=1))
        return torch.stack(groups).mean()

    def _value_weights(self, counts: Tensor) -> Tensor:
        """[V] float32, the weight of a row by the value that it has."""
        rate = counts / counts.sum().clamp(min=1)
        if self.config.balance == "exponential":
            return torch.exp(1 - rate)
        if self.config.balance == "inverse":
            return 1 / (len(rate) * rate.clamp(min=1e-3))
        return torch.ones_like(rate)

    def _count(self, attributes: Tensor) -> None:
        seen = [
            torch.bincount(classes[classes >= 0], minlength=values)
            for classes, values in zip(attributes.T, self.values, strict=True)
        ]
        self.counts = self.counts + torch.cat(seen)
