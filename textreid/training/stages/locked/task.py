"""What one tower learns while the other is frozen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.training.distributed import own_rows
from textreid.training.run import TrainingRun
from textreid.training.stages.locked.config import Config
from textreid.training.stages.locked.feature_cache import FeatureCache
from textreid.training.task import Task
from textreid.types import LossReport, PersonCrop


@dataclass(frozen=True)
class LockedContext:
    """What a task is made from.

    Attributes:
        run: the run; its data is learned from.
        options: of the stage.
        model: what learns, in evaluation mode.
        processor: of the model.
    """

    run: TrainingRun
    options: Config
    model: JointModel
    processor: JointProcessor

    @property
    def cache(self) -> FeatureCache:
        """Where the features of the model, as it is at the start of the stage, are stored."""
        run = self.run
        return FeatureCache(run.stage_folder, self.model, self.processor, run.recipe, run.reporter)

    def image_features(
        self, crops: Sequence[PersonCrop], *, views: int, tokens: bool
    ) -> tuple[np.ndarray | None, Tensor]:
        """Tokens and vectors of crops, which the first process computes; see `FeatureCache.images`."""
        with self.run.accelerator.main_process_first():
            return self.cache.images(crops, views=views, tokens=tokens)

    def text_features(self, captions: Sequence[str], *, views: int) -> Tensor:
        """Vectors of captions, which the first process computes; see `FeatureCache.texts`."""
        with self.run.accelerator.main_process_first():
            return self.cache.texts(captions, views=views)


class LockedTask(Task):
    """Batches of rows, of which each process encodes its part, and all compare the whole.

    Args:
        context: what it is made from.
        rows: how many crops or captions there are to learn from.
        frozen: modules of the model that do not learn.
        fixed: buffers that no state has to hold.
    """

    def __init__(self, context: LockedContext, rows: int, frozen: Sequence[str], **fixed: Tensor) -> None:
        super().__init__()
        self.model, self.options, self.rows = context.model, context.options, rows
        self.recipe, self.seed = context.run.recipe, context.run.process_seed
        self.title = f"{self.options.frozen} tower frozen"
        for name in frozen:
            context.model.get_submodule(name).requires_grad_(False)
        for name, value in fixed.items():
            self.register_buffer(name, value, persistent=False)

    @property
    def device(self) -> torch.device:
        """That the model is on."""
        device: torch.device = self.model.device
        return device

    def order(self, epoch: int) -> list[list[int]]:
        """Rows of each batch."""
        size = self.options.batch
        shuffled = np.random.default_rng([self.recipe.seed, epoch]).permutation(self.rows).tolist()
        return [shuffled[first : first + size] for first in range(0, self.rows, size)]

    @staticmethod
    def own(batch: Sequence[int]) -> list[int]:
        """The rows that this process encodes; one all the same where none falls to it."""
        return [batch[place] for place in own_rows(len(batch))] or list(batch[:1])

    def forward(self, inputs: Any) -> LossReport:
        """The sum of the losses of a batch; every process computes it alike, from the rows of all."""
        losses = self.losses(inputs)
        terms = {name: loss.detach() for name, loss in losses.items()}
        return LossReport(torch.stack(list(losses.values())).sum(), terms)

    @abstractmethod
    def losses(self, inputs: Any) -> dict[str, Tensor]:
        """Loss -> [] float32 with a graph."""

    def train(self, mode: bool = True) -> LockedTask:
        """Put what learns into training mode; batch statistics stay as the frozen tower knows them."""
        super().train(mode)
        self.model.eval()
        for module in self.learning():
            module.train(mode)
        return self

    def learning(self) -> Sequence[nn.Module]:
        """Modules of the model that are in training mode."""
        return ()
