"""Adversarial discriminative domain adaptation: an encoder for data that nobody has labelled.

Tzeng, Hoffman, Saenko and Darrell, "Adversarial Discriminative Domain Adaptation", CVPR 2017. The encoder of
the labelled source stays; a copy of it learns to give vectors of the target that cannot be told from those.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.config import require_between
from textreid.models.adversarial import deceiver_loss, discriminator_loss
from textreid.models.discriminator import DomainDiscriminator
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.recipe import Recipe
from textreid.training.crop_reader import CropReader
from textreid.training.distributed import own_rows
from textreid.training.loop import fit
from textreid.training.run import TrainingRun
from textreid.training.schedule import HIGHEST_RATE, Schedule
from textreid.training.stage import StageConfig
from textreid.training.target import check_target, source_rows, target_rows
from textreid.training.task import Task
from textreid.types import LossReport

Inputs = tuple[int, Tensor]
"""How many of the crops are of the target, and crops [b, 3, H, W] uint8, those first."""


@dataclass(frozen=True)
class Config(StageConfig):
    """Adaptation to the data with `labels = false`.

    Attributes:
        epochs: over the target's crops.
        batch: crops of the target in a step, and as many of the source, of all processes together.
        image_rate: peak learning rate of the target's image tower.
        head_rate: of what follows it, and of the discriminator.
        hidden: numbers of the discriminator's layers.
    """

    epochs: int = 5
    batch: int = 64
    image_rate: float = 1e-5
    head_rate: float = 1e-4
    hidden: int = 500

    def __post_init__(self) -> None:
        require_between(self, 1, 100_000, "epochs")
        require_between(self, 2, 65_536, "batch")
        require_between(self, 1, 16_384, "hidden")
        require_between(self, 0, HIGHEST_RATE, "image_rate", "head_rate")

    def check(self, recipe: Recipe) -> None:
        """Raise `InputError` where there is no target, or the model reads text."""
        check_target(recipe, "adda")


def run(run: TrainingRun, options: Config) -> None:
    """Adapt the model that the stages before have left, and keep it as it is in the end."""
    model, processor = run.load_model()
    schedule = Schedule(options.epochs, image_rate=options.image_rate, head_rate=options.head_rate)
    run.keep_model(fit(run, AddaTask(run, options, model, processor), schedule), processor)


class AddaTask(Task):
    """Crops of target and source; the discriminator and the target's encoder learn in the same step.

    Args:
        run: the run.
        options: of the stage.
        model: the encoder of the source, as the stages before have left it; it becomes the target's.
        processor: of the model.
    """

    title = "adda"

    def __init__(
        self, run: TrainingRun, options: Config, model: JointModel, processor: JointProcessor
    ) -> None:
        super().__init__()
        self.model, self.options, self.seed = model, options, run.recipe.seed
        self.fixed = (copy.deepcopy(model).eval().requires_grad_(False),)  # no module of the task's state
        torch.manual_seed(run.recipe.seed)
        self.judge = DomainDiscriminator(model.vector_width, hidden=options.hidden)
        self.files = [crop.image for crop in run.data.crops]
        self.target, self.source = target_rows(run), source_rows(run)
        self.reader = CropReader(run, processor.image_processor, run.recipe.augment)

    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterator[tuple[int, Inputs]]]:
        """As many crops of the source as of the target in each batch; the last, smaller one is left out."""
        size, random = self.options.batch, np.random.default_rng([self.seed, epoch])
        target = random.permutation(self.target).tolist()
        steps = max(1, len(target) // size)
        order = []
        for step in range(steps):
            own = target[step * size : (step + 1) * size]
            both = own, random.choice(self.source, len(own)).tolist()
            order.append([rows[place] for rows in both for place in own_rows(len(own))])
        crops = self.reader.read(self.files, order, epoch=epoch, first=first)
        return steps, ((2 * size, (len(images) // 2, images)) for images in crops)

    def forward(self, inputs: Inputs) -> LossReport:
        """The losses "judge" and "encoder" of a batch."""
        count, images = inputs
        pixels = self.reader.finish(images.to(self.model.device))
        target = self.model.vector(self.model.encode_image(pixels[:count])).float()
        with torch.no_grad():
            (fixed,) = self.fixed
            source = fixed.vector(fixed.encode_image(pixels[count:])).float()
        source, target = F.normalize(source, dim=1), F.normalize(target, dim=1)
        judged = discriminator_loss(self.judge, source, target)
        deceived = deceiver_loss(self.judge, target)
        return LossReport(judged + deceived, {"judge": judged.detach(), "encoder": deceived.detach()})
