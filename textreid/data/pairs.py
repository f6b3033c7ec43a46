"""Image–sentence pairs for training, and the batches made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from textreid.images import open_image
from textreid.types import Batch, PersonCrop


@dataclass(frozen=True)
class Sample:
    """One image with one of its sentences.

    Attributes:
        image: [3, H, W] float32.
        caption: drawn from the image's captions.
        label: contiguous training class.
        image_id: position of the image in the data.
        camera_id: -1 where unknown.
    """

    image: Tensor
    caption: str
    label: int
    image_id: int
    camera_id: int


class PairDataset(Dataset[Sample]):
    """Crops as training samples; each visit draws one caption and one augmentation.

    Args:
        crops: training crops, each with a caption.
        labels: contiguous class of each crop.
        transform: PIL image -> [3, H, W] float32.
    """

    def __init__(
        self, crops: Sequence[PersonCrop], labels: Sequence[int], transform: Callable[..., Tensor]
    ) -> None:
        self.crops, self.labels, self.transform = crops, labels, transform

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> Sample:
        crop = self.crops[index]
        caption = crop.captions[int(torch.randint(len(crop.captions), ()))]
        camera = -1 if crop.camera_id is None else crop.camera_id
        return Sample(self.transform(open_image(crop.image)), caption, self.labels[index], index, camera)


class EpochBatches(Dataset[Batch]):
    """The batches of one epoch. What batch n holds depends on (seed, epoch, n) alone.

    So a run that goes on from the middle of an epoch, or with another number of workers, sees the same data.

    Args:
        pairs: the training data.
        order: indices of each batch, as the sampler deals them.
        tokenizer: for the sentences; they are padded to the longest of a batch.
        seed: of the run.
        epoch: epochs finished before this one.
    """

    def __init__(
        self,
        pairs: PairDataset,
        order: Sequence[Sequence[int]],
        tokenizer: PreTrainedTokenizerBase,
        *,
        seed: int,
        epoch: int,
    ) -> None:
        self.pairs, self.order, self.tokenizer = pairs, order, tokenizer
        self.seed, self.epoch = seed, epoch

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, number: int) -> Batch:
        torch.manual_seed(seed_of(self.seed, self.epoch, number))
        return collate([self.pairs[index] for index in self.order[number]], self.tokenizer)


def seed_of(*keys: int) -> int:
    """A seed of 64 bits for torch, well mixed from small numbers such as (seed, epoch, batch)."""
    return int(np.random.SeedSequence(keys).generate_state(1, np.uint64)[0])


def collate(samples: Sequence[Sample], tokenizer: PreTrainedTokenizerBase) -> Batch:
    """Stack images and tokenise sentences (shapes in `Batch`), padded to the longest."""
    captions = [sample.caption for sample in samples]
    tokens = tokenizer(captions, padding=True, truncation=True, return_tensors="pt")
    return Batch(
        images=torch.stack([sample.image for sample in samples]),
        token_ids=tokens["input_ids"],
        token_mask=tokens["attention_mask"],
        labels=torch.tensor([sample.label for sample in samples]),
        image_ids=torch.tensor([sample.image_id for sample in samples]),
        camera_ids=torch.tensor([sample.camera_id for sample in samples]),
    )


def contiguous_labels(crops: Sequence[PersonCrop], sources: Sequence[int]) -> list[int]:
    """Training classes 0 … C-1 in order of (source, person).

    The same person number in two data sets is two people.

    Args:
        crops: with a person each.
        sources: number of the data set that each crop comes from.
    """
    keys = [(source, crop.person_id) for source, crop in zip(sources, crops, strict=True)]
    classes = {key: label for label, key in enumerate(sorted(set(keys)))}
    return [classes[key] for key in keys]
