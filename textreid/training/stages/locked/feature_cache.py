"""Features of a frozen tower, computed once and cached on disk.

A view is one version of every crop or caption. The first shows crops as a search sees them and captions as
they were written, the others vary them as training does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.data.batches import seed_of, tokenise
from textreid.data.image_augment import AS_SEARCHED, SeededAugmentation
from textreid.io.image_reader import consecutive, read_images
from textreid.io.shared_memory import affordable_workers
from textreid.io.whole_folder import whole_folder
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.recipe.augment import TextRecipe
from textreid.recipe.recipe import Recipe
from textreid.training.length_buckets import encode_tokens
from textreid.training.progress import Reporter, StepReport
from textreid.types import PersonCrop

BATCH = 64
TOKENS, VECTORS = "tokens.f16", "vectors.npy"


@dataclass(frozen=True)
class FeatureCache:
    """What the towers of a model make of crops and captions.

    What was computed before is there at once; a folder that a kill left half full is filled anew.

    Attributes:
        folder: where features are stored; made if missing.
        model: in evaluation mode.
        processor: of the model.
        recipe: its augmentation, workers, precision and seed.
        reporter: called with how far it is.
    """

    folder: Path
    model: JointModel
    processor: JointProcessor
    recipe: Recipe
    reporter: Reporter

    def images(
        self, crops: Sequence[PersonCrop], *, views: int, tokens: bool
    ) -> tuple[np.ndarray | None, Tensor]:
        """Tokens [views, N, h·w, C] float16, on disk, and vectors [views, N, D] float32 of unit norm.

        Args:
            crops: N of them.
            views: how many.
            tokens: store those as well; None comes back without.

        Raises:
            InputError: images cannot be read, or features cannot be written, as on a full disk; what was
                written is gone.
        """
        folder = self.folder / "images"
        if not folder.is_dir():
            with whole_folder(folder) as partial:
                self._compute_images(partial, [crop.image for crop in crops], views, tokens=tokens)
        vectors = torch.from_numpy(np.load(folder / VECTORS))
        if not tokens:
            return None, vectors
        grid = np.memmap(folder / TOKENS, np.float16, "r")
        return grid.reshape(views, len(crops), -1, self.model.image_width), vectors

    def texts(self, captions: Sequence[str], *, views: int) -> Tensor:
        """Vectors [views, T, D] float32 of unit norm.

        Args:
            captions: T of them.
            views: how many.

        Raises:
            InputError: features cannot be written, as on a full disk; what was written is gone.
        """
        folder = self.folder / "texts"
        if not folder.is_dir():
            vectors = self._compute_texts(captions, views)
            with whole_folder(folder) as partial:
                np.save(partial / VECTORS, vectors.numpy())
        return torch.from_numpy(np.load(folder / VECTORS))

    @torch.no_grad()
    def _compute_images(self, folder: Path, files: Sequence[Path], views: int, *, tokens: bool) -> None:
        model, recipe, order = self.model, self.recipe, consecutive(len(files), BATCH)
        vectors: list[list[Tensor]] = []
        as_searched = SeededAugmentation(self.processor.image_processor, AS_SEARCHED, (recipe.seed, 0))
        workers = affordable_workers(
            recipe.workers, lambda: next(read_images(files, order[:1], as_searched)), self.reporter.note
        )
        with (folder / TOKENS).open("wb") as file:  # no memory map: on a full disk that would end the process
            for view in range(views):
                vectors.append([])
                augment = SeededAugmentation(
                    self.processor.image_processor,
                    recipe.augment if view else AS_SEARCHED,
                    (recipe.seed, view),
                )
                batches = read_images(files, order, augment, workers=workers)
                for number, images in enumerate(batches):
                    augment.seed(number)
                    output = model.get_image_features(augment.finish(images.to(model.device)))
                    if tokens:
                        file.write(output.last_hidden_state.half().cpu().numpy().tobytes())
                    vectors[-1].append(F.normalize(output.pooler_output.float(), dim=1).cpu())
                    self._report(f"images, view {view + 1} of {views}", order[number].stop, len(files))
        np.save(folder / VECTORS, torch.stack([torch.cat(batches) for batches in vectors]).numpy())

    @torch.no_grad()
    def _compute_texts(self, captions: Sequence[str], views: int) -> Tensor:
        model, recipe = self.model, self.recipe
        vectors = torch.zeros(views, len(captions), model.vector_width)
        for view in range(views):
            varied = replace(recipe.text, predict=0.0) if view else TextRecipe()
            for rows in consecutive(len(captions), BATCH):
                torch.manual_seed(seed_of(recipe.seed, view, rows.start))
                words = tokenise(captions[rows.start : rows.stop], self.processor.tokenizer, varied)
                read = encode_tokens(model, words, recipe.precision)
                vectors[view, rows.start : rows.stop] = F.normalize(model.vector(read).float(), dim=1).cpu()
                self._report(f"texts, view {view + 1} of {views}", rows.stop, len(captions))
        return vectors

    def _report(self, title: str, done: int, total: int) -> None:
        self.reporter.step(StepReport(title, done, total))
