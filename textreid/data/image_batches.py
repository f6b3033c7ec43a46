"""Pictures alone in batches, for the stages of training that need no sentences beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from textreid.data.batches import seed_of
from textreid.data.image_augment import AS_SEARCHED as AS_SEARCHED
from textreid.data.image_augment import Finish, train_transform
from textreid.errors import ImageError
from textreid.io.images import open_image
from textreid.recipe.augment import AugmentRecipe


class PictureBatches(Dataset[Tensor]):
    """Batches [B, 3, H, W] uint8 of pictures; what is drawn for one depends on `keys` and its number alone.

    Args:
        files: of all pictures.
        order: rows of each batch.
        pixels: image processor of the model.
        augment: how they are varied.
        keys: numbers that a seed is made of, together with the number of the batch.
    """

    def __init__(
        self,
        files: Sequence[Path],
        order: Sequence[Sequence[int]],
        pixels: Any,
        augment: AugmentRecipe,
        keys: tuple[int, ...],
    ) -> None:
        self.files, self.order, self.keys = files, order, keys
        size = pixels.size["height"], pixels.size["width"]
        self.transform = train_transform(augment, size, pixels.image_mean, pixels.resample)
        self.finish = Finish(augment, pixels.image_mean, pixels.image_std)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, number: int) -> Tensor:
        self.seed(number)
        return torch.stack([self.transform(_open(self.files[row])) for row in self.order[number]])

    def seed(self, number: int) -> None:
        """Draw what belongs to this batch from here on."""
        torch.manual_seed(seed_of(*self.keys, number))

    def loader(self, *, first: int = 0, workers: int = 0) -> DataLoader[Tensor]:
        """The batches in order.

        Args:
            first: number of the one to begin with.
            workers: processes that read them.
        """
        own = torch.Generator()  # so that the loader draws nothing from the global one
        numbers = range(first, len(self))
        return DataLoader(self, batch_size=None, sampler=numbers, num_workers=workers, generator=own)


def _open(path: Path) -> Image:
    try:
        return open_image(path)
    except ImageError as error:
        raise ImageError(f"'{path}': {error}") from error
