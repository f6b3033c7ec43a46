"""Hard identities: who is nearest to whom, as the model sees them; the graph of graph sampling.

Liao and Shao, "Graph Sampling Based Deep Metric Learning for Generalizable Person Re-Identification", CVPR
2022. Of identities drawn at random hardly two look alike, and a batch of them soon has little left to teach.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from textreid.data.training_set import TrainingSet
from textreid.evaluate.encoding import encode_images
from textreid.types import ImageTextEncoder

NEIGHBOURS = 64
"""Neighbours of each identity: more than a batch takes, since some have no crop left in an epoch."""
ROWS = 1024


def hard_neighbours(encoder: ImageTextEncoder, data: TrainingSet, *, seed: int) -> list[list[int]]:
    """For each identity, those nearest to it.

    Args:
        encoder: the model as it is.
        data: the training data; one crop of each identity is compared, by cosine.
        seed: of the choice of crops.

    Returns:
        For each label other labels, the nearest first, up to `NEIGHBOURS` of them.

    Raises:
        InputError: an image cannot be read.
    """
    crops = [data.crops[row] for row in one_each(data.labels, seed)]
    return nearest(torch.from_numpy(encode_images(encoder, crops, "Hard identities", lambda *_: None)))


def one_each(labels: Sequence[int], seed: int) -> list[int]:
    """A row of each label 0 … C-1, drawn from its own; rows of nobody known (-1) are never drawn."""
    rows = np.random.default_rng(seed).permutation(len(labels))
    drawn = {labels[row]: int(row) for row in rows if labels[row] >= 0}
    return [drawn[label] for label in range(len(drawn))]


def nearest(vectors: Tensor) -> list[list[int]]:
    """For each row the other rows by falling product, up to `NEIGHBOURS` of them.

    Args:
        vectors: [C, D] float32, unit norm.
    """
    found = []
    for start in range(0, len(vectors), ROWS):
        cosines = vectors[start : start + ROWS] @ vectors.T
        cosines.diagonal(start).fill_(-torch.inf)
        found += cosines.topk(min(NEIGHBOURS, len(vectors) - 1)).indices.tolist()
    return found
