"""One training step: a batch in, named losses out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.models.joint import JointModel
from textreid.training.distributed import is_shared
from textreid.training.objective import Objective
from textreid.types import Batch, Encoded, Features, LossReport

GROUPS = 4


class Step(nn.Module):
    """The model and its objective as one module, so that whatever wraps the one wraps the other.

    Args:
        model: the joint model.
        objective: its losses.
        precision: "fp32", "bf16" or "fp16": arithmetic of the towers where that is faster: of the text tower
            on a GPU and on a CPU that has bfloat16, of the image tower on a GPU (depthwise convolutions are
            slower so on a CPU). Losses are computed in float32.
    """

    def __init__(self, model: JointModel, objective: Objective, *, precision: str = "fp32") -> None:
        super().__init__()
        self.model, self.objective = model, objective
        self.precision = precision

    def forward(self, batch: Batch) -> LossReport:
        """The losses of a batch, with a graph."""
        encoded = self.encode(batch)
        report: LossReport = self.objective(encoded, batch)
        return report

    def encode(self, batch: Batch) -> Encoded:
        """Both modalities in float32; sentences are left out where the model has none, or no process any."""
        device = batch.images.device.type
        with arithmetic(device, self.precision, on_cpu=False):
            image = self.model.encode_image(batch.images)
        text = masked = None
        if self.model.text_tower is not None and (len(batch.text_rows) or is_shared()):
            with arithmetic(device, self.precision):
                text = encode_sentences(self.model, batch.token_ids, batch.token_mask)
                if batch.masked_ids is not None:
                    masked = encode_sentences(self.model, batch.masked_ids, batch.token_mask)
        image, text, masked = _single(image), text and _single(text), masked and _single(masked)
        if text is None or self.model.matcher is None:
            return Encoded(image, text, masked)
        return Encoded(image, text, masked, match=partial(self.model.match, image, text))


def half(precision: str) -> torch.dtype | None:
    """What a recipe's precision computes in; None for float32."""
    return {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)


def arithmetic(device: str, precision: str, *, on_cpu: bool = True) -> torch.autocast:
    """What a recipe's precision computes in, as a context.

    Args:
        device: kind of device.
        precision: as for `Step`.
        on_cpu: whether it pays on a CPU that has bfloat16.
    """
    dtype = half(precision)
    pays = device != "cpu" or (on_cpu and cpu_has_bf16())
    return torch.autocast(device, dtype, enabled=dtype is not None and pays)


@cache
def cpu_has_bf16() -> bool:
    """Whether PyTorch has fast bfloat16 here; without, it takes many times as long as float32."""
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def encode_words(model: JointModel, words: Mapping[str, Tensor], precision: str) -> Features:
    """The features of sentences alone, in a recipe's precision.

    Args:
        model: the joint model.
        words: "token_ids" and "token_mask", as in a `Batch`.
        precision: as for `Step`.
    """
    device = model.device
    with arithmetic(device.type, precision):
        return encode_sentences(model, words["token_ids"].to(device), words["token_mask"].to(device))


def encode_sentences(
    model: JointModel, token_ids: Tensor, token_mask: Tensor, *, groups: int = GROUPS
) -> Features:
    """The features of a batch's sentences, those of similar length computed together.

    Padding every sentence to the longest of a batch would nearly double the work of the text tower.

    Args:
        model: the joint model.
        token_ids: [T, L] int64, padded on the right.
        token_mask: [T, L] int64, 1 where a token is real.
        groups: of equal size that the batch is cut into, by length.

    Returns:
        As `model.encode_text` gives them, in the batch's order; the states of padding are zero. Of no
        sentences too, with a graph, so that a process that has none takes part in the others' gradient.
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


def _single(features: Features) -> Features:
    """The same in float32."""
    return replace(
        features,
        pooled=features.pooled.float(),
        views={name: parts.float() for name, parts in features.views.items()},
        tokens=None if features.tokens is None else features.tokens.float(),
    )
