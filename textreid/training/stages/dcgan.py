"""A network that draws crops like those of the training data, and its drawings as data to learn from.

The crops are of nobody: the loss `lsro` learns from them (Zheng, Zheng and Yang, "Unlabeled Samples Generated
by GAN Improve the Person Re-identification Baseline in vitro", ICCV 2017). The model itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from textreid.config import require_between
from textreid.data.batches import seed_of
from textreid.errors import InputError
from textreid.io.whole_folder import whole_folder
from textreid.models.adversarial import deceiver_loss, discriminator_loss
from textreid.models.generators.dcgan import HALVINGS, Discriminator, Generator
from textreid.models.joint import JointModel
from textreid.models.processor import image_processor
from textreid.recipe.augment import AugmentRecipe
from textreid.training.crop_reader import CropReader
from textreid.training.distributed import own_rows
from textreid.training.loop import fit
from textreid.training.progress import StepReport
from textreid.training.run import TrainingRun
from textreid.training.schedule import HIGHEST_RATE, Schedule
from textreid.training.stage import StageConfig
from textreid.training.task import Task
from textreid.types import GENERATED, JUNK, LossReport

MIRRORED = AugmentRecipe(flip=0.5, pad=0, erase=0, jitter=0)
BATCH, SHOWN, COLUMNS = 64, 64, 16
"""Crops drawn at once, and how many `samples.png` shows, in how many columns."""


@dataclass(frozen=True)
class Config(StageConfig):
    """A generator and its judge.

    Attributes:
        epochs: over all crops.
        batch: crops of a step, of all processes together.
        image_size: (height, width) in pixels of the crops, multiples of 16.
        rate: learning rate of both networks; the paper's is 2e-4 with `adam` and `betas` of 0.5 and 0.999.
        noise: numbers that a crop is drawn from.
        width: channels of the widest grid; smaller ones have more.
        samples: crops that are drawn in the end, into the folder `samples` of the run.
    """

    epochs: int = 30
    batch: int = 64
    image_size: tuple[int, int] = (128, 64)
    rate: float = 2e-4
    noise: int = 100
    width: int = 64
    samples: int = 12_000

    def __post_init__(self) -> None:
        require_between(self, 1, 100_000, "epochs", "noise")
        require_between(self, 2, 65_536, "batch")
        require_between(self, 1, 1_024, "width")
        require_between(self, 1, 1_000_000, "samples")
        require_between(self, 0, HIGHEST_RATE, "rate")
        if any(side % 2**HALVINGS or not 16 <= side <= 512 for side in self.image_size):
            raise InputError(
                f"dcgan: image_size is {list(self.image_size)}; both sides must be multiples of 16, such as"
                " [128, 64], and 512 at most."
            )


class GanTask(Task):
    """Real crops in batches; the judge and the generator learn in the same step.

    Args:
        run: the run; its crops are learned from.
        options: of the stage.
        model: what the stages before have left; it stays.
    """

    title = "dcgan"

    def __init__(self, run: TrainingRun, options: Config, model: JointModel) -> None:
        super().__init__()
        self.run, self.options, self.model = run, options, model.requires_grad_(False)
        torch.manual_seed(run.recipe.seed)
        self.generator = Generator(options.image_size, noise=options.noise, width=options.width)
        self.judge = Discriminator(options.image_size, width=options.width)
        self.reader = CropReader(run, image_processor(options.image_size), MIRRORED)

    def open_epoch(self, epoch: int, first: int) -> tuple[int, Iterator[tuple[int, Tensor]]]:
        """Crops [b, 3, H, W] uint8 of this process's part of each batch; what is left over comes later."""
        run, size = self.run, self.options.batch
        pairs = zip(run.data.crops, run.data.labels, strict=True)
        crops = [crop.image for crop, label in pairs if label != GENERATED]
        shuffled = np.random.default_rng([run.recipe.seed, epoch]).permutation(len(crops)).tolist()
        steps = max(1, len(crops) // size)
        order = [shuffled[step * size : (step + 1) * size] for step in range(steps)]
        own = [[batch[place] for place in own_rows(len(batch))] for batch in order]
        read = self.reader.read(crops, own, epoch=epoch, first=first)
        return steps, ((len(rows), images) for rows, images in zip(order[first:], read, strict=True))

    def train(self, mode: bool = True) -> GanTask:
        """Both networks; the model stays in evaluation mode."""
        super().train(mode)
        self.model.eval()
        return self

    def forward(self, inputs: Tensor) -> LossReport:
        """The losses "judge" and "generator" of real crops [b, 3, H, W] uint8."""
        real = self.reader.finish(inputs.to(self.model.device))
        fake = self.generator(torch.randn(len(real), self.generator.noise, device=real.device))
        judged, deceived = discriminator_loss(self.judge, real, fake), deceiver_loss(self.judge, fake)
        return LossReport(judged + deceived, {"judge": judged.detach(), "generator": deceived.detach()})


def run(run: TrainingRun, options: Config) -> None:
    """Train the generator, and let the first process draw its samples."""
    model, processor = run.load_model()
    task = GanTask(run, options, model)
    fit(run, task, Schedule(options.epochs, head_rate=options.rate, warmup=0, schedule="steps"))
    if run.is_first:
        with whole_folder(run.folder.samples, replace=True) as folder:
            write_samples(run, task.generator.eval(), folder, options.samples)
    run.keep_model(model, processor)


@torch.no_grad()
def write_samples(run: TrainingRun, generator: Generator, folder: Path, count: int) -> None:
    """Draw crops of nobody, into the layout of one's own data, and a sheet of the first of them.

    Args:
        run: its seed, device and reporter are used.
        generator: in evaluation mode.
        folder: where `-1/00000.png` and so on, and `samples.png`, are written.
        count: how many.
    """
    nobody = folder / str(JUNK)
    nobody.mkdir()
    sheet: list[Tensor] = []
    for start in range(0, count, BATCH):
        random = torch.Generator().manual_seed(seed_of(run.recipe.seed, start))
        noise = torch.randn(min(BATCH, count - start), generator.noise, generator=random)
        drawn = ((generator(noise.to(run.device)) + 1) * 127.5).round().byte().cpu()
        for number, crop in enumerate(drawn, start=start):
            _image(crop).save(nobody / f"{number:05}.png")
        sheet += drawn[: max(0, SHOWN - start)]
        run.reporter.step(StepReport("samples", start + len(drawn), count))
    _image(make_grid(torch.stack(sheet), COLUMNS, padding=2)).save(run.folder.sample_sheet)


def _image(crop: Tensor) -> Image.Image:
    return Image.fromarray(crop.permute(1, 2, 0).numpy())
