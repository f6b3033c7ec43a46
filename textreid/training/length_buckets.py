"""Texts of similar length encoded together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.models.joint import JointModel
from textreid.training.precision import tower_autocast
from textreid.types import Features

GROUPS = 4


def encode_tokens(model: JointModel, words: Mapping[str, Tensor], precision: str) -> Features:
    """The features of texts alone, in a recipe's precision.

    Args:
        model: the joint model.
        words: "token_ids" and "token_mask", as in a `Batch`.
        precision: as for `Step`.
    """
    device = model.device
    with tower_autocast(device.type, precision):
        return encode_texts_by_length(model, words["token_ids"].to(device), words["token_mask"].to(device))


def encode_texts_by_length(
    model: JointModel, token_ids: Tensor, token_mask: Tensor, *, groups: int = GROUPS
) -> Features:
    """The features of a batch's texts, those of similar length computed together.

    Padding every text to the longest of a batch would nearly double the work of the text tower.

    Args:
        model: the joint model.
        token_ids: [T, L] int64, padded on the right.
        token_mask: [T, L] int64, 1 where a token is real.
        groups: of equal size that the batch is cut into, by length.

    Returns:
        As `model.encode_text` gives them, in the batch's order; the states of padding are zero. Of no
        texts too, with a graph, so that a process that has none takes part in the others' gradient.
    """
    if not len(token_ids):
        word = token_ids.new_zeros(1, 1)
        return _none_of(model.encode_text(word, word + 1))
    lengths = token_mask.sum(dim=1)
    order = lengths.argsort()
    encoded = []
    for rows in order.chunk(groups):
        # Multiples of eight keep the number of different shapes small, and with it what the allocator holds.
        longest = min(-(-int(lengths[rows].max()) // 8) * 8, token_ids.shape[1])
        encoded.append(model.encode_text(token_ids[rows, :longest], token_mask[rows, :longest]))
    back = order.argsort()
    width = token_ids.shape[1]

    def padded(name: str) -> Tensor | None:
        values = [getattr(features, name) for features in encoded]
        if values[0] is None:
            return None
        ends = [(0, 0) * (value.ndim - 2) + (0, width - value.shape[1]) for value in values]
        return torch.cat([F.pad(value, end) for value, end in zip(values, ends, strict=True)])[back]

    return Features(
        pooled=torch.cat([features.pooled for features in encoded])[back],
        views={name: torch.cat([f.views[name] for f in encoded])[back] for name in encoded[0].views},
        tokens=padded("tokens"),
        mask=padded("mask"),
        saliency=padded("saliency"),
    )


def _none_of(features: Features) -> Features:
    """The first no rows."""
    rows: Any = {name: value[:0] for name, value in vars(features).items() if isinstance(value, Tensor)}
    return replace(features, views={name: parts[:0] for name, parts in features.views.items()}, **rows)
