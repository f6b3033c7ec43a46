"""Images with their captions for training, and the batches made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from textreid.data.tokens import tokenise
from textreid.data.training_set import TrainingSet
from textreid.errors import ImageError
from textreid.io.images import open_image
from textreid.io.worker_processes import load
from textreid.recipe.augment import TextRecipe
from textreid.types import UNKNOWN_CAMERA, Batch


@dataclass(frozen=True)
class Sample:
    """One image, with one of its captions if it has any.

    Attributes:
        image: [3, H, W] uint8, or float32 normalised.
        caption: drawn from the image's captions; None where it has none.
        trust: how far the pair is believed, 0 to 1.
        label: contiguous training class; -1 where nobody knows who it is.
        image_id: position of the image in the data.
        camera_id: -1 where unknown.
        domain: number of the data set.
        attributes: [A] int64, -1 where unknown.
        caption_id: position of the caption among all of the training data; -1 where nobody asks.
    """

    image: Tensor
    caption: str | None
    trust: float
    label: int
    image_id: int
    camera_id: int
    domain: int
    attributes: Tensor
    caption_id: int = -1


class PairDataset(Dataset[Sample]):
    """Crops as training samples; each visit draws one caption and one augmentation.

    Args:
        data: the training data.
        transform: PIL image -> [3, H, W] uint8.

    Raises:
        ImageError: on a visit, an image cannot be read; it names the file.
    """

    def __init__(self, data: TrainingSet, transform: Callable[..., Tensor]) -> None:
        self.data, self.transform = data, transform
        self.first_caption = [0, *accumulate(len(crop.captions) for crop in data.crops)]

    def __len__(self) -> int:
        return len(self.data.crops)

    def __getitem__(self, index: int) -> Sample:
        crop, data = self.data.crops[index], self.data
        chosen = int(torch.randint(len(crop.captions), ())) if crop.captions else None
        return Sample(
            image=self.transform(_open(crop.image)),
            caption=None if chosen is None else crop.captions[chosen],
            trust=1.0 if chosen is None else data.trust[index][chosen],
            label=data.labels[index],
            image_id=index,
            camera_id=UNKNOWN_CAMERA if crop.camera_id is None else crop.camera_id,
            domain=data.domains[index],
            attributes=data.attributes[index],
            caption_id=-1 if chosen is None else self.first_caption[index] + chosen,
        )


def _open(path: Path) -> Image:
    try:
        return open_image(path)
    except ImageError as error:
        raise ImageError(f"'{path}': {error}") from error


class EpochBatches(Dataset[Batch]):
    """The batches of one epoch. What batch n holds depends on (seed, epoch, n) alone.

    So a run that goes on from the middle of an epoch, or with another number of workers, sees the same data.

    Args:
        pairs: the training data.
        order: indices of each batch, as the sampler deals them.
        tokenizer: for the captions; they are padded to the longest of a batch.
        text: how captions are varied.
        seed: of the run.
        epoch: epochs finished before this one.
    """

    def __init__(
        self,
        pairs: PairDataset,
        order: Sequence[Sequence[int]],
        tokenizer: PreTrainedTokenizerBase,
        text: TextRecipe,
        *,
        seed: int,
        epoch: int,
    ) -> None:
        self.pairs, self.order, self.tokenizer, self.text = pairs, order, tokenizer, text
        self.seed, self.epoch = seed, epoch

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, number: int) -> Batch:
        torch.manual_seed(seed_of(self.seed, self.epoch, number))
        samples = [self.pairs[index] for index in self.order[number]]
        return collate(samples, self.tokenizer, self.text, epoch=self.epoch)


def load_batches(
    batches: EpochBatches, first: int, *, workers: int, pin_memory: bool = False
) -> Iterator[Batch]:
    """The batches from number `first` on, made by worker processes, or here where there are none.

    Raises:
        ImageError: an image cannot be read; it names the file, whichever process opened it.
        InputError: the workers give nothing any more.
    """
    for made in load(_WithoutTraceback(batches), first, workers, pin_memory=pin_memory):
        if isinstance(made, ImageError):
            raise made
        yield made


class _WithoutTraceback(Dataset[Batch | ImageError]):
    """Batches or why there are none: torch writes a worker's traceback into the message of what it raises."""

    def __init__(self, batches: EpochBatches) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> Batch | ImageError:
        try:
            return self.batches[number]
        except ImageError as error:
            return ImageError(str(error))


def seed_of(*keys: int) -> int:
    """A seed of 64 bits for torch, well mixed from small numbers such as (seed, epoch, batch)."""
    return int(np.random.SeedSequence(keys).generate_state(1, np.uint64)[0])


def collate(
    samples: Sequence[Sample], tokenizer: PreTrainedTokenizerBase, text: TextRecipe, *, epoch: int = 0
) -> Batch:
    """Stack images, vary and tokenise captions (shapes in `Batch`), padded to the longest."""
    rows = [row for row, sample in enumerate(samples) if sample.caption is not None]
    captions = [samples[row].caption or "" for row in rows]
    return Batch(
        images=torch.stack([sample.image for sample in samples]),
        labels=torch.tensor([sample.label for sample in samples]),
        image_ids=torch.tensor([sample.image_id for sample in samples]),
        camera_ids=torch.tensor([sample.camera_id for sample in samples]),
        domains=torch.tensor([sample.domain for sample in samples]),
        attributes=torch.stack([sample.attributes for sample in samples]),
        **tokenise(captions, tokenizer, text),
        text_rows=torch.tensor(rows, dtype=torch.int64),
        text_ids=torch.tensor([samples[row].caption_id for row in rows], dtype=torch.int64),
        trust=torch.tensor([samples[row].trust for row in rows], dtype=torch.float32),
        epoch=epoch,
    )
