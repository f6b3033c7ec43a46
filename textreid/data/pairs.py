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


def contiguous_labels(crops: Sequence[PersonCrop], sources: Sequence[int]) -> list[int]:
    """Training classes 0 … C-1 in order of (source, person): the same person number in two data sets is two people."""
    keys = [(source, crop.person_id) for source, crop in zip(sources, crops, strict=True)]
    classes = {key: label for label, key in enumerate(sorted(set(keys)))}
    return [classes[key] for key in keys]


class Collate:
    """Samples -> `Batch`; sentences are padded to the longest of the batch."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        """Stack images and tokenise sentences (shapes in `Batch`)."""
        tokens = self.tokenizer(
            [sample.caption for sample in samples], padding=True, truncation=True, return_tensors="pt"
        )
        numbers = np.array([(s.label, s.image_id, s.camera_id) for s in samples])
        labels, image_ids, camera_ids = torch.from_numpy(numbers).unbind(1)
        return Batch(
            images=torch.stack([sample.image for sample in samples]),
            token_ids=tokens["input_ids"],
            token_mask=tokens["attention_mask"],
            labels=labels,
            image_ids=image_ids,
            camera_ids=camera_ids,
        )
