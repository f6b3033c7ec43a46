"""What every loss is, and what the losses that compare pairs of rows have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from textreid.pairs import Comparison, Pairs, comparisons
from textreid.types import Batch, Encoded


@dataclass(frozen=True)
class Sizes:
    """What a loss must know to draw its own weights.

    Attributes:
        dim: D, length of the pooled vectors that it sees.
        classes: number of training identities.
        parts: P, vectors that a pooled one consists of.
        part_dim: D', length of each of those.
        attributes: attribute group -> its values, in the order of `Batch.attributes`.
        image_width: C, length of an image token.
        text_width: C, length of a text token; 0 without a text tower.
        vocabulary: number of word pieces.
        teacher_dim: length of the teacher's vectors; 0 without one.
    """

    dim: int
    classes: int
    parts: int = 1
    part_dim: int = 0
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    image_width: int = 0
    text_width: int = 0
    vocabulary: int = 0
    teacher_dim: int = 0

    def __post_init__(self) -> None:
        if not self.part_dim:
            object.__setattr__(self, "part_dim", self.dim // self.parts)


class Loss(nn.Module):
    """A term of the objective, called as `loss(encoded, batch)`: [] float32, before its weight.

    A batch without anything to learn gives a zero that still has a graph (`Encoded.nothing`).

    Attributes:
        across_ranks: whether it compares rows, and so sees those of all processes together. False for a loss
            that looks at single rows or tokens and would learn nothing more from other processes.

    Args:
        config: its options, `weight` among them.
        sizes: of what it will see.
    """

    across_ranks: ClassVar[bool] = True

    def __init__(self, config: Any, sizes: Sizes) -> None:
        super().__init__()
        self.config, self.sizes = config, sizes


class PairLoss(Loss):
    """A loss with one term for each direction: images to images, texts to images, images to texts.

    A subclass says in `compare` what one direction costs.

    Attributes:
        pairs: which directions there are.
        reduction: the "mean" of the directions that a batch has, or their "sum".
    """

    pairs: Pairs = "across"
    reduction: ClassVar[Literal["mean", "sum"]] = "mean"

    def forward(self, encoded: Encoded, batch: Batch) -> Tensor:
        """[] float32, the mean or the sum of the directions that the batch has.

        Args:
            encoded: `image.pooled` [B, D] and `text.pooled` [T, D].
            batch: `labels` [B], `text_rows` and `trust` [T].
        """
        terms = [self.compare(side) for side in comparisons(encoded, batch, self.pairs)]
        if not terms:
            return encoded.nothing()
        stacked = torch.stack(terms)
        return stacked.mean() if self.reduction == "mean" else stacked.sum()

    def compare(self, side: Comparison) -> Tensor:
        """[] float32, what one direction costs; 0 where nothing in it can be compared."""
        raise NotImplementedError
