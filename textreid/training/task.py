"""What a stage gives to the training loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from torch import nn

from textreid.models.joint import JointModel
from textreid.types import LossReport


class Task(nn.Module, ABC):
    """Batches, and the losses of each; its own weights are trained beside the model's.

    The state of a run holds its `state_dict()`, that of the model included. Weights that no longer require a
    gradient are not trained. `train()` is called before each epoch; a part of the model that is to stay in
    evaluation mode overrides it.

    Attributes:
        model: what learns, and what is saved.
        title: what is being done, for people to read.
    """

    model: JointModel
    title: str

    @abstractmethod
    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterable[tuple[int, Any]]]:
        """How many batches an epoch has, and from number `first` on each: its rows, and inputs of `forward`.

        What a batch holds depends on the seed of the recipe, the epoch and the number of the batch alone.
        Where several processes train, all have as many batches; the rows are those of all processes together,
        the inputs those of this one.

        Args:
            epoch: epochs before this one.
            first: batches of it that are over.
        """

    @abstractmethod
    def forward(self, inputs: Any) -> LossReport:
        """The losses of one batch, with a graph; gradients are averaged over processes."""

    def finish_epoch(self, epoch: int) -> None:
        """Called in every process when `epoch` epochs are over, before the state is saved."""
