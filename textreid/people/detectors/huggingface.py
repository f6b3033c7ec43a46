"""RT-DETR and other object detectors in the transformers layout: from a folder, the local cache, or the hub.

Y. Zhao et al.: DETRs Beat YOLOs on Real-time Object Detection, CVPR 2024.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from transformers import AutoImageProcessor, AutoModelForObjectDetection

from textreid.catalog import find_model, find_on_disk
from textreid.errors import ModelError, TextReIDError
from textreid.models.folder import LOCAL, load_whole
from textreid.models.reading import reading_model
from textreid.people.detectors.boxes import Boxes, within

THRESHOLD = 0.5
"""Least score of a person."""


class TransformersDetector:
    """Any `AutoModelForObjectDetection` whose classes include "person"; its weights must be safetensors.

    Args:
        name: a folder, or an id on the Hugging Face hub.
        device: "cuda", "cpu"; None: the GPU if there is one.

    Raises:
        ModelError: it cannot be loaded, has no safetensors, or does not know people.
    """

    def __init__(self, name: str, device: str | None = None) -> None:
        self.name = name
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            folder = find_on_disk(name) or find_model(name)[1]
            with reading_model(folder):
                model = load_whole(AutoModelForObjectDetection, folder)
                self._processor = AutoImageProcessor.from_pretrained(folder, **LOCAL)
        except TextReIDError as error:
            raise ModelError(
                f"The detector '{name}' cannot be loaded: {error} Name another, or use 'nanodet'."
            ) from error
        self._model = model.to(self.device).eval()
        labels = {str(label).casefold(): int(i) for i, label in model.config.id2label.items()}
        if "person" not in labels:
            raise ModelError(f"The detector '{name}' does not know people. It knows: {', '.join(labels)}.")
        self._person = labels["person"]

    @torch.inference_mode()
    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """The people in each [H, W, 3] uint8 RGB image."""
        inputs = self._processor(images=list(images), return_tensors="pt", input_data_format="channels_last")
        outputs = self._model(**inputs.to(self.device))
        sizes = [image.shape[:2] for image in images]
        found = self._processor.post_process_object_detection(
            outputs, threshold=THRESHOLD, target_sizes=sizes
        )
        return [self._people(each, *size) for each, size in zip(found, sizes, strict=True)]

    def _people(self, found: dict[str, torch.Tensor], height: int, width: int) -> Boxes:
        people = found["labels"] == self._person
        return within(
            found["boxes"][people].float().cpu().numpy(),
            found["scores"][people].float().cpu().numpy(),
            width,
            height,
        )
