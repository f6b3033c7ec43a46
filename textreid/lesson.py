"""What one tower learns while the other stands still."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, nn

from textreid.models.joint import JointModel


class Lesson(nn.Module, ABC):
    """Batches of rows, and the losses of each; its own weights are trained beside the model's.

    Attributes:
        rows: how many there are to learn from.
        size: of a batch.
        seed: of the run.
    """

    rows: int
    size: int
    seed: int

    @property
    def batches(self) -> int:
        """Of an epoch."""
        return -(-self.rows // self.size)

    def order(self, epoch: int) -> list[list[int]]:
        """Rows of each batch."""
        shuffled = np.random.default_rng([self.seed, epoch]).permutation(self.rows).tolist()
        return [shuffled[first : first + self.size] for first in range(0, self.rows, self.size)]

    @abstractmethod
    def inputs(self, epoch: int, first: int) -> Iterator[Any]:
        """What `forward` is given of each batch, from the batch `first` on."""

    @abstractmethod
    def forward(self, model: JointModel, inputs: Any) -> dict[str, Tensor]:
        """Loss -> [] float32 with a graph."""
