"""Crops read batch by batch for stages that look at images alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from textreid.data.image_augment import SeededAugmentation
from textreid.io.image_reader import read_images
from textreid.io.shared_memory import affordable_workers
from textreid.recipe.augment import AugmentRecipe
from textreid.training.run import TrainingRun


class CropReader:
    """Opens and varies crops; `finish` does the rest of it on the device.

    Args:
        run: its seed and workers are used.
        pixels: image processor that says size and normalisation.
        augmentation: how much is varied.
    """

    def __init__(self, run: TrainingRun, pixels: Any, augmentation: AugmentRecipe) -> None:
        self.run, self.pixels, self.augmentation = run, pixels, augmentation
        self.workers: int | None = None  # of the recipe's, until it is known what a batch takes

    def read(
        self, files: Sequence[Path], order: Sequence[Sequence[int]], *, epoch: int, first: int
    ) -> Iterator[Tensor]:
        """[b, 3, H, W] uint8 of each batch.

        Args:
            files: of all crops.
            order: rows of each batch, those that fall to this process.
            epoch: epochs before this one, which seeds what is drawn.
            first: number of the batch to begin with.
        """
        augment = SeededAugmentation(self.pixels, self.augmentation, (self.run.process_seed, epoch))
        if self.workers is None:
            self.workers = affordable_workers(
                self.run.recipe.workers,
                lambda: next(read_images(files, order[:1], augment)),
                self.run.reporter.note,
            )
        self.finish = augment.finish
        return read_images(files, order, augment, first=first, workers=self.workers)
