"""Data sets, samplers and batches: from annotation rows to what a training step sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.data.batches import EpochBatches, PairDataset, Sample
    from textreid.data.image_augment import Finish, train_transform
    from textreid.data.samplers import IdentitySampler
    from textreid.data.text_augment import vary_caption
    from textreid.data.training_set import TrainingSet, read_training_set
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
    "EpochBatches",
    "Finish",
    "IdentitySampler",
    "PairDataset",
    "Sample",
    "TrainingSet",
    "read_training_set",
    "train_transform",
    "vary_caption",
]
