"""From pictures and sentences to tensors, the same for training, search and export."""

from __future__ import annotations

from transformers import ProcessorMixin


class JointProcessor(ProcessorMixin):
    """An image processor and a tokenizer in one, saved in the model's folder.

    Args:
        image_processor: resizes to the model's (height, width) and normalises.
        tokenizer: pads to the longest sentence of a call, never to a fixed length.
    """

    def __init__(self, image_processor=None, tokenizer=None, **kwargs) -> None:
        super().__init__(image_processor, tokenizer, **kwargs)
