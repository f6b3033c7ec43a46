"""One training step: a batch in, named losses out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from torch import nn

from textreid.models.joint import JointModel
from textreid.training.distributed import is_shared
from textreid.training.length_buckets import encode_texts_by_length
from textreid.training.objective import Objective
from textreid.training.precision import tower_autocast
from textreid.types import Batch, Encoded, Features, LossReport


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
        """Both modalities in float32; texts are left out where the model reads none or no process has any."""
        device = batch.images.device.type
        with tower_autocast(device, self.precision, on_cpu=False):
            image = self.model.encode_image(batch.images)
        text = masked = None
        if self.model.text_tower is not None and (len(batch.text_rows) or is_shared()):
            with tower_autocast(device, self.precision):
                text = encode_texts_by_length(self.model, batch.token_ids, batch.token_mask)
                if batch.masked_ids is not None:
                    masked = encode_texts_by_length(self.model, batch.masked_ids, batch.token_mask)
        image, text, masked = _single(image), text and _single(text), masked and _single(masked)
        encoded = Encoded(image, text, masked)
        if text is not None and self.model.matcher is not None:
            encoded = replace(encoded, score_pairs=partial(self.model.score_pairs, image, text))
        if self.model.image_matcher is not None:
            encoded = replace(encoded, score_image_pairs=partial(self.model.score_image_pairs, image))
        return encoded


def _single(features: Features) -> Features:
    """The same in float32."""
    return replace(
        features,
        pooled=features.pooled.float(),
        views={name: parts.float() for name, parts in features.views.items()},
        tokens=None if features.tokens is None else features.tokens.float(),
    )
