"""Who looks like whom, as the model sees it: the graph of graph sampling.

Liao and Shao, "Graph Sampling Based Deep Metric Learning for Generalizable Person Re-Identification", CVPR
2022. Of people drawn at random hardly two look alike, and a batch of them soon has little left to teach.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from textreid.data.training_set import TrainingSet
from textreid.evaluate.encoding import encode_images
from textreid.types import ImageTextEncoder

LISTED = 64
"""Others in a person's list: more than a batch takes, since some have no picture left in an epoch."""
ROWS = 1024


def hard_neighbours(encoder: ImageTextEncoder, data: TrainingSet, *, seed: int) -> list[list[int]]:
    """For each person, the others who look most like them.

    Args:
        encoder: the model as it is.
        data: the training data; one picture of each person is compared, by cosine.
        seed: of the choice of pictures.

    Returns:
        For each label other labels, the nearest first, up to `LISTED` of them.

    Raises:
        InputError: a picture cannot be read.
    """
    shown = [data.crops[row] for row in one_each(data.labels, seed)]
    return nearest(torch.from_numpy(encode_images(encoder, shown, "Look-alikes", lambda *_: None)))


def one_each(labels: Sequence[int], seed: int) -> list[int]:
    """A row of each label 0 … C-1, drawn from its own; rows of nobody known (-1) are never drawn."""
    rows = np.random.default_rng(seed).permutation(len(labels))
    drawn = {labels[row]: int(row) for row in rows if labels[row] >= 0}
    return [drawn[label] for label in range(len(drawn))]


def nearest(vectors: Tensor) -> list[list[int]]:
    """For each row the other rows by falling product, up to `LISTED` of them.

    Args:
        vectors: [C, D] float32, unit norm.
    """
    found = []
    for start in range(0, len(vectors), ROWS):
        likeness = vectors[start : start + ROWS] @ vectors.T
        likeness.diagonal(start).fill_(-torch.inf)
        found += likeness.topk(min(LISTED, len(vectors) - 1)).indices.tolist()
    return found
