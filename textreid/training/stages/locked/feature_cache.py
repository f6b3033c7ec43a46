"""What a tower that no longer changes makes of training data: computed once, kept on disk.

A view is one version of every picture or sentence. The first shows pictures as a search sees them and
sentences as they were written, the others vary them as training does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.data.batches import seed_of
from textreid.data.image_batches import AS_SEARCHED, PictureBatches
from textreid.data.tokens import tokenise
from textreid.errors import InputError
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.augment import TextRecipe
from textreid.recipe.recipe import Recipe
from textreid.training.length_buckets import encode_tokens
from textreid.types import PersonCrop, ShowProgress
from textreid_index.whole_folder import whole_folder

BATCH = 64
TOKENS, VECTORS = "tokens.f16", "vectors.npy"


def read_image_features(
    folder: Path,
    model: JointModel,
    processor: JointProcessor,
    crops: Sequence[PersonCrop],
    recipe: Recipe,
    *,
    views: int,
    tokens: bool,
    show: ShowProgress,
) -> tuple[np.ndarray | None, Tensor]:
    """Tokens [views, N, h·w, C] float16, on disk, and vectors [views, N, D] float32 of unit norm.

    What was read before is there at once; a folder that a kill left half full is filled anew.

    Args:
        folder: where they are kept; made if missing.
        model: in evaluation mode.
        processor: of the model.
        crops: N pictures.
        recipe: its augmentation, workers and seed.
        views: how many.
        tokens: keep those as well; None comes back without.
        show: told how far it is.

    Raises:
        ImageError: a picture cannot be read.
        InputError: they cannot be written, as on a full disk; what was written is gone.
    """
    if not folder.is_dir():
        files = [crop.image for crop in crops]
        rows = range(len(crops))
        order = [rows[first : first + BATCH] for first in range(0, len(crops), BATCH)]
        pixels = processor.image_processor
        shown = [
            PictureBatches(files, order, pixels, recipe.augment if view else AS_SEARCHED, (recipe.seed, view))
            for view in range(views)
        ]
        with _filling(folder) as partial:
            _write_pictures(partial, model, shown, recipe.workers, tokens=tokens, show=show)
    vectors = torch.from_numpy(np.load(folder / VECTORS))
    if not tokens:
        return None, vectors
    grid = np.memmap(folder / TOKENS, np.float16, "r")
    return grid.reshape(views, len(crops), -1, model.image_width), vectors


@torch.no_grad()
def _write_pictures(
    folder: Path,
    model: JointModel,
    views: Sequence[PictureBatches],
    workers: int,
    *,
    tokens: bool,
    show: ShowProgress,
) -> None:
    vectors: list[list[Tensor]] = []
    with (folder / TOKENS).open("wb") as file:  # no memory map: on a full disk that would end the process
        for number, view in enumerate(views, start=1):
            vectors.append([])
            done = 0
            for batch, images in enumerate(view.loader(workers=workers)):
                view.seed(batch)
                output = model.get_image_features(view.finish(images.to(model.device)))
                if tokens:
                    file.write(output.last_hidden_state.half().cpu().numpy().tobytes())
                vectors[-1].append(F.normalize(output.pooler_output.float(), dim=1).cpu())
                done += len(images)
                show(f"pictures, view {number} of {len(views)}", done, len(view.files))
    np.save(folder / VECTORS, torch.stack([torch.cat(batches) for batches in vectors]).numpy())


@torch.no_grad()
def read_text_features(
    folder: Path,
    model: JointModel,
    processor: JointProcessor,
    captions: Sequence[str],
    recipe: Recipe,
    *,
    views: int,
    show: ShowProgress,
) -> Tensor:
    """Vectors [views, T, D] float32 of unit norm of T sentences; for all else see `read_image_features`."""
    if not folder.is_dir():
        vectors = torch.zeros(views, len(captions), model.vector_width)
        for view in range(views):
            varied = replace(recipe.text, predict=0.0) if view else TextRecipe()
            for first in range(0, len(captions), BATCH):
                torch.manual_seed(seed_of(recipe.seed, view, first))
                some = captions[first : first + BATCH]
                words = tokenise(some, processor.tokenizer, varied)
                read = encode_tokens(model, words, recipe.precision)
                found = F.normalize(model.vector(read).float(), dim=1)
                vectors[view, first : first + BATCH] = found.cpu()
                show(f"sentences, view {view + 1} of {views}", first + len(some), len(captions))
        with _filling(folder) as partial:
            np.save(partial / VECTORS, vectors.numpy())
    return torch.from_numpy(np.load(folder / VECTORS))


@contextmanager
def _filling(folder: Path) -> Iterator[Path]:
    """A folder to write to that becomes `folder` in the end, or is gone if that fails."""
    try:
        with whole_folder(folder) as partial:
            yield partial
    except OSError as error:
        raise InputError(
            f"What a fixed tower makes of the training data cannot be kept in '{folder}': {error}. Free some"
            " space there, or keep fewer views: --set locked.0.views=1"
        ) from error
