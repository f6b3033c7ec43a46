"""What one tower learns while the other stands still."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from textreid.data.training_set import TrainingSet
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.recipe import Recipe
from textreid.recipe.training import LockedRecipe
from textreid.training.stages.locked.feature_cache import read_image_features, read_text_features
from textreid.types import PersonCrop, ShowProgress


@dataclass(frozen=True)
class LockedContext:
    """What a task is made from.

    Attributes:
        folder: what the towers make of the data at the start is kept there.
        data: what is learned from.
        model: what learns, in evaluation mode.
        processor: its.
        recipe: of the run.
        options: of this stretch of it.
        show: told how far the towers are.
    """

    folder: Path
    data: TrainingSet
    model: JointModel
    processor: JointProcessor
    recipe: Recipe
    options: LockedRecipe
    show: ShowProgress

    def pictures(
        self, crops: Sequence[PersonCrop], *, views: int, tokens: bool
    ) -> tuple[np.ndarray | None, Tensor]:
        """Tokens and vectors of pictures; see `feature_cache.read_image_features`."""
        return read_image_features(
            self.folder / "pictures",
            self.model,
            self.processor,
            crops,
            self.recipe,
            views=views,
            tokens=tokens,
            show=self.show,
        )

    def sentences(self, captions: Sequence[str], *, views: int) -> Tensor:
        """Vectors of sentences; see `textreid.training.stages.locked.feature_cache.read_text_features`."""
        return read_text_features(
            self.folder / "sentences",
            self.model,
            self.processor,
            captions,
            self.recipe,
            views=views,
            show=self.show,
        )


class LockedTask(nn.Module, ABC):
    """Batches of rows, and the losses of each; its own weights are trained beside the model's.

    Args:
        context: what it is made from.
        rows: how many there are to learn from.
        fixed: buffers that no state has to hold.
    """

    def __init__(self, context: LockedContext, rows: int, **fixed: Tensor) -> None:
        super().__init__()
        self.recipe, self.options, self.rows = context.recipe, context.options, rows
        for name, value in fixed.items():
            self.register_buffer(name, value, persistent=False)

    @property
    def batches(self) -> int:
        """Of an epoch."""
        return -(-self.rows // self.options.batch)

    def order(self, epoch: int) -> list[list[int]]:
        """Rows of each batch."""
        size = self.options.batch
        shuffled = np.random.default_rng([self.recipe.seed, epoch]).permutation(self.rows).tolist()
        return [shuffled[first : first + size] for first in range(0, self.rows, size)]

    @abstractmethod
    def inputs(self, epoch: int, first: int) -> Iterator[Any]:
        """What `forward` is given of each batch, from the batch `first` on."""

    @abstractmethod
    def forward(self, model: JointModel, inputs: Any) -> dict[str, Tensor]:
        """Loss -> [] float32 with a graph."""
