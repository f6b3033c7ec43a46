"""How well the attribute heads of a run recognise attributes of identities that they did not learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from PIL.Image import Image
from torch import Tensor

from textreid.data.attributes.space import AttributeSpace
from textreid.io.image_reader import consecutive, read_images
from textreid.losses.attributes import Attributes
from textreid.metrics.attributes import AttributeResult, evaluate_attributes
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor
from textreid.types import PersonCrop


@torch.no_grad()
def validate_attributes(
    model: JointModel,
    processor: JointProcessor,
    heads: Attributes,
    crops: Sequence[PersonCrop],
    groups: Mapping[str, tuple[str, ...]],
    *,
    device: str = "cpu",
    size: int = 64,
) -> AttributeResult:
    """Compare the attributes that the heads predict of crops with those that they have.

    Args:
        model: in evaluation mode, on the device.
        processor: of the model.
        heads: the loss `attributes` of the same run, on the global vectors.
        crops: with their attributes, see `textreid.data.attributes.space.with_attributes`.
        groups: attribute group -> its values, of the training data.
        device: that model and heads are on.
        size: images of a batch.

    Raises:
        InputError: images cannot be read; it names them.
    """

    def predict(_number: int, images: Sequence[Image]) -> Tensor:
        pixels = processor.image_processor(images=images, return_tensors="pt")["pixel_values"]
        return heads.predict(model.encode_image(pixels.to(device)).pooled).cpu()

    read = read_images([crop.image for crop in crops], consecutive(len(crops), size), predict)
    predicted = torch.cat([torch.empty(0, len(groups), dtype=torch.int64), *read])
    return evaluate_attributes(predicted.numpy(), AttributeSpace(groups).table(crops).numpy(), groups)
