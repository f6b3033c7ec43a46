"""What an image tower that no longer changes makes of training pictures: computed once, kept on disk.

A view is one version of every picture. The first shows them as a search sees them, the others vary them as
training does.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from textreid.config import AugmentRecipe, Recipe
from textreid.data.pairs import seed_of
from textreid.data.transforms import Finish, train_transform
from textreid.errors import ImageError, InputError
from textreid.images import open_image
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor
from textreid.types import PersonCrop, ShowProgress

AS_SEARCHED = AugmentRecipe(flip=0, pad=0, erase=0, jitter=0)
BATCH = 64
TOKENS, VECTORS = "tokens.f16", "vectors.npy"


def read_pictures(
    folder: Path,
    model: JointModel,
    processor: JointProcessor,
    crops: Sequence[PersonCrop],
    recipe: Recipe,
    *,
    views: int,
    show: ShowProgress,
) -> tuple[np.ndarray | None, Tensor]:
    """Tokens [views, N, h·w, C] float16, on disk, and vectors [views, N, D] float32 of unit norm.

    Tokens are for a matcher: there are none where the model has none.
    What was read before is there at once; a folder that a kill left half full is filled anew.

    Args:
        folder: where they are kept; made if missing.
        model: in evaluation mode.
        processor: of the model.
        crops: N pictures.
        recipe: its augmentation, workers and seed.
        views: how many.
        show: told how far it is.

    Raises:
        ImageError: a picture cannot be read.
        InputError: they cannot be written, as on a full disk; what was written is gone.
    """
    if not folder.is_dir():
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            _write(partial, model, [_View(processor, crops, recipe, number) for number in range(views)], show)
            partial.replace(folder)
        except OSError as error:
            raise InputError(
                f"What the image tower makes of {len(crops)} pictures cannot be kept in '{folder}': {error}. "
                "Free some space there, or keep fewer views: --set locked.views=1"
            ) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)  # unless it has become the folder
    vectors = torch.from_numpy(np.load(folder / VECTORS))
    if model.matcher is None:
        return None, vectors
    tokens = np.memmap(folder / TOKENS, np.float16, "r")
    return tokens.reshape(views, len(crops), -1, model.image_width), vectors


@torch.no_grad()
def _write(folder: Path, model: JointModel, views: Sequence[_View], show: ShowProgress) -> None:
    vectors: list[list[Tensor]] = []
    with (folder / TOKENS).open("wb") as file:  # no memory map: on a full disk that would end the process
        for view in views:
            vectors.append([])
            done = 0
            for batch, images in enumerate(view.batches()):
                view.seed(batch)
                output = model.get_image_features(view.finish(images.to(model.device)))
                if model.matcher is not None:
                    file.write(output.last_hidden_state.half().cpu().numpy().tobytes())
                vectors[-1].append(F.normalize(output.pooler_output.float(), dim=1).cpu())
                done += len(images)
                show(f"pictures, view {view.number + 1} of {len(views)}", done, len(view.crops))
    np.save(folder / VECTORS, torch.stack([torch.cat(batches) for batches in vectors]).numpy())


class _View(Dataset[Tensor]):
    """A view of all pictures, in batches [B, 3, H, W] uint8; draws depend on (seed, view, batch) alone."""

    def __init__(
        self, processor: JointProcessor, crops: Sequence[PersonCrop], recipe: Recipe, number: int
    ) -> None:
        self.crops, self.recipe, self.number = crops, recipe, number
        pixels, augment = processor.image_processor, recipe.augment if number else AS_SEARCHED
        size = pixels.size["height"], pixels.size["width"]
        self.transform = train_transform(augment, size, pixels.image_mean, pixels.resample)
        self.finish = Finish(augment, pixels.image_mean, pixels.image_std)

    def __len__(self) -> int:
        return -(-len(self.crops) // BATCH)

    def __getitem__(self, batch: int) -> Tensor:
        self.seed(batch)
        crops = self.crops[batch * BATCH : (batch + 1) * BATCH]
        return torch.stack([self.transform(_open(crop.image)) for crop in crops])

    def seed(self, batch: int) -> None:
        """Draw what belongs to this batch from here on."""
        torch.manual_seed(seed_of(self.recipe.seed, self.number, batch))

    def batches(self) -> DataLoader[Tensor]:
        """All of them in order, read by the recipe's workers."""
        own = torch.Generator()  # so that the loader draws nothing from the global one
        return DataLoader(self, batch_size=None, num_workers=self.recipe.workers, generator=own)


def _open(path: Path) -> Image:
    try:
        return open_image(path)
    except ImageError as error:
        raise ImageError(f"'{path}': {error}") from error
