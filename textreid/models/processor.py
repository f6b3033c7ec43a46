"""From crops and texts to tensors, the same for training, search and export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL.Image import Resampling
from transformers import PreTrainedTokenizerBase, ProcessorMixin, ViTImageProcessor


class JointProcessor(ProcessorMixin):
    """An image processor and a tokenizer in one, saved in the model's folder.

    Args:
        image_processor: resizes to the model's (height, width) and normalises.
        tokenizer: pads to the longest text of a call, never to a fixed length.
        kwargs: what else `from_pretrained` finds in the folder.
    """

    def __init__(
        self,
        image_processor: ViTImageProcessor | None = None,
        tokenizer: PreTrainedTokenizerBase | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_processor, tokenizer, **kwargs)


def image_processor(
    image_size: tuple[int, int],
    mean: Sequence[float] = (0.5,) * 3,
    std: Sequence[float] = (0.5,) * 3,
    resample: int = Resampling.BILINEAR,
) -> ViTImageProcessor:
    """Antialiased resize to (height, width), then (pixel / 255 - mean) / std."""
    height, width = image_size
    return ViTImageProcessor(
        size={"height": height, "width": width},
        image_mean=list(mean),
        image_std=list(std),
        resample=resample,
        do_convert_rgb=True,
    )
