"""Which pairs of the training data are noisy correspondences: confident consensus division (CCD).

Qin et al., "Noisy-Correspondence Learning for Text-to-Image Person Re-identification" (RDE), CVPR 2024. A
model that is not overfitted yet gives a higher loss to a pair whose caption describes somebody else. Over
all pairs the losses of a view are two heaps, the right pairs and the wrong ones; a mixture of two normal
distributions tells which heap a pair belongs to, and two views must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL.Image import Image
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from textreid.data.batches import Sample, collate
from textreid.data.training_set import TrainingSet
from textreid.io.image_reader import read_images
from textreid.io.shared_memory import affordable_workers
from textreid.losses import tal
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.pairs import Comparison, own_pairs, text_image
from textreid.recipe.augment import TextRecipe
from textreid.types import GLOBAL, Batch, Features

TAL = tal.Config()
"""Margin, and temperature of the smooth maximum over wrong partners: the paper's."""


def filter_noisy_pairs(
    data: TrainingSet,
    model: JointModel,
    processor: JointProcessor,
    *,
    seed: int,
    device: str = "cpu",
    workers: int = 0,
    size: int = 64,
) -> TrainingSet:
    """The training data, its noisy pairs no longer trusted.

    Takes one pass over all pairs. The modules of the model keep their modes, training or evaluation, and no
    global random number is drawn.

    Args:
        data: as it was read; its own trust stays a factor.
        model: with one view or more of both modalities.
        processor: of the model.
        seed: of the batches that pairs are compared in, and of the coin for pairs that views disagree on.
        device: that the model is on.
        workers: processes that decode images, if there is room for so many.
        size: pairs of a batch.

    Raises:
        InputError: images cannot be read; it names them.
    """
    pairs = [(row, n) for row, crop in enumerate(data.crops) for n in range(len(crop.captions))]
    if not pairs:
        return data
    order = np.random.default_rng(seed).permutation(len(pairs))
    shuffled = [pairs[place] for place in order]
    groups = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    files, rows = [crop.image for crop in data.crops], [[row for row, _ in group] for group in groups]
    made = _PairBatches(data, processor, groups)
    workers = affordable_workers(workers, lambda: next(read_images(files, rows[:1], made)))
    batches = read_images(files, rows, made, workers=workers)
    losses = pair_losses(model, (batch.to(device) for batch in batches))
    believed = split_by_consensus(losses[:, np.argsort(order)], seed)
    trust = [list(row) for row in data.trust]
    for (row, n), factor in zip(pairs, believed.tolist(), strict=True):
        trust[row][n] *= factor
    return replace(data, trust=trust)


def believed_fraction(before: TrainingSet, after: TrainingSet) -> float:
    """Fraction of the trust that is left, 0 to 1; 1 where there was none.

    Args:
        before: the training data as it was read.
        after: what `filter_noisy_pairs` made of it.
    """
    whole, left = (sum(map(sum, data.trust)) for data in (before, after))
    return left / whole if whole else 1.0


@torch.no_grad()
def pair_losses(model: JointModel, batches: Iterable[Batch]) -> np.ndarray:
    """How badly each pair fits, in every view that both modalities have.

    It is the loss `tal` of a pair by itself: how far the smooth maximum over the wrong partners in its batch
    comes within a margin of the right one, in cosine, for its image and for its caption. Pairs that have been
    learned are all at zero, so that they stay one heap.

    Args:
        model: is put into evaluation mode meanwhile.
        batches: on the model's device, with one text an image.

    Returns:
        [V, N] float32, 0 or more, in the order of the batches; the global view comes first.
    """
    found = []
    with _evaluating(model):
        for batch in batches:
            image = model.encode_image(batch.images)
            text = model.encode_text(batch.token_ids, batch.token_mask)
            found.append(
                torch.stack([_violation(*both, batch) for both in _views(image, text)]).cpu().numpy()
            )
    return np.concatenate(found, axis=1)


def split_by_consensus(losses: np.ndarray, seed: int) -> np.ndarray:
    """Which pairs are believed: 1 where every view says right, 0 where every view says wrong, else a coin.

    A view says right where the component of smaller mean has probability > 0.5, and below that mean.

    Args:
        losses: [V, N], how badly each pair fits, V views.
        seed: of the mixtures and of the coin.

    Returns:
        [N] float32, 0 or 1.
    """
    right = np.stack([_right(view, seed) for view in losses.astype(np.float64)])
    coin = np.random.default_rng(seed).integers(0, 2, right.shape[1])
    agreed = right.all(axis=0) | ~right.any(axis=0)
    return np.where(agreed, right[0], coin).astype(np.float32)


def _right(losses: np.ndarray, seed: int) -> np.ndarray:
    spread = np.ptp(losses)
    if len(losses) < 2 or not spread:
        return np.ones(len(losses), dtype=bool)
    scaled = ((losses - losses.min()) / spread)[:, None]
    mixture = GaussianMixture(2, tol=1e-2, reg_covar=5e-4, max_iter=100, random_state=seed % 2**32)
    probabilities = mixture.fit(scaled).predict_proba(scaled)
    smaller = mixture.means_[:, 0].argmin()
    right: np.ndarray = (probabilities[:, smaller] > 0.5) | (scaled[:, 0] < mixture.means_[smaller, 0])
    return right


def _views(image: Features, text: Features) -> Iterator[tuple[Tensor, Tensor]]:
    for name in (GLOBAL, *image.views):
        if name == GLOBAL or name in text.views:
            yield image.view(name).pooled, text.view(name).pooled


def _violation(image: Tensor, text: Tensor, batch: Batch) -> Tensor:
    """[T] float32 >= 0, by how much, in cosine, each text and its image together miss the margin of `tal`."""
    image, text, own = image.float(), text.float(), own_pairs(batch)
    again = batch.image_ids[batch.text_rows][:, None] == batch.image_ids  # of an image that comes twice
    wrong = ~(text_image(batch) | again)
    texts = Comparison(text, image, own, wrong, batch.trust)
    images = Comparison(image, text, own.T, wrong.T, batch.trust)
    return tal.violations(texts, TAL) + tal.violations(images, TAL)[batch.text_rows]


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@dataclass(frozen=True)
class _PairBatches:
    """Opened images and their captions -> batches in which nothing is varied.

    Attributes:
        data: the training data.
        processor: of the model.
        groups: pairs (row, number of the caption) of each batch.
    """

    data: TrainingSet
    processor: JointProcessor
    groups: Sequence[Sequence[tuple[int, int]]]

    def __call__(self, number: int, images: Sequence[Image]) -> Batch:
        """The batch of this number."""
        pairs = zip(self.groups[number], images, strict=True)
        samples = [self._sample(row, n, image) for (row, n), image in pairs]
        return collate(samples, self.processor.tokenizer, TextRecipe())

    def _sample(self, row: int, n: int, image: Image) -> Sample:
        data = self.data
        return Sample(
            image=self.processor.image_processor(images=[image], return_tensors="pt")["pixel_values"][0],
            caption=data.crops[row].captions[n],
            trust=data.trust[row][n],
            label=data.labels[row],
            image_id=row,
            camera_id=-1,
            domain=data.domains[row],
            attributes=data.attributes[row],
        )
