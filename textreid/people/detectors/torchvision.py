"""torchvision's detectors by their names, with the weights that torchvision publishes for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torchvision.models import detection, get_model, get_model_weights, list_models

from textreid.errors import ModelError
from textreid.models.weights import require_finite
from textreid.people.detectors.boxes import Boxes, within

THRESHOLD = 0.5
"""Least score of a person."""

PREFERRED = (
    "fasterrcnn_resnet50_fpn_v2",
    "retinanet_resnet50_fpn_v2",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "ssdlite320_mobilenet_v3_large",
)
"""Best first: what "auto" takes of those whose weights are present."""


def names() -> list[str]:
    """The detectors that torchvision has."""
    return list_models(module=detection)


def weights_file(name: str) -> Path:
    """Where torch keeps the weights of a detector, whether they are there or not."""
    url = get_model_weights(name).DEFAULT.url
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]


class TorchvisionDetector:
    """One of torchvision's detectors; weights that are not in torch's cache are downloaded and checked.

    Args:
        name: one of `names()`.
        device: "cuda", "cpu"; None: the GPU if there is one.

    Raises:
        ModelError: the weights cannot be had or do not fit.
    """

    def __init__(self, name: str, device: str | None = None) -> None:
        self.name = name
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        weights = get_model_weights(name).DEFAULT
        self._model = get_model(name, weights=None, weights_backbone=None)
        self._model.load_state_dict(_load(name, weights.url))
        self._model.to(self.device).eval()
        self._person = weights.meta["categories"].index("person")

    @torch.inference_mode()
    def detect(self, images: Sequence[np.ndarray]) -> list[Boxes]:
        """The people in each [H, W, 3] uint8 RGB image."""
        tensors = [
            torch.from_numpy(image.copy()).to(self.device).permute(2, 0, 1).float() / 255 for image in images
        ]
        return [
            self._people(found, *image.shape[:2])
            for found, image in zip(self._model(tensors), images, strict=True)
        ]

    def _people(self, found: dict[str, torch.Tensor], height: int, width: int) -> Boxes:
        people = (found["labels"] == self._person) & (found["scores"] >= THRESHOLD)
        return within(
            found["boxes"][people].float().cpu().numpy(),
            found["scores"][people].float().cpu().numpy(),
            width,
            height,
        )


def _load(name: str, url: str) -> dict[str, torch.Tensor]:
    path = weights_file(name)
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path), hash_prefix=path.stem.rpartition("-")[2])
        weights = torch.load(path, map_location="cpu", weights_only=True)  # tensors: no pickled code is run
        require_finite(weights, path)
        return weights
    except Exception as error:  # urllib, zipfile, pickle and torch each raise their own
        raise ModelError(
            f"The weights of the detector '{name}' cannot be loaded: {error}. Without a network, put "
            f"{path.name} into {path.parent}, or use 'nanodet'."
        ) from error
