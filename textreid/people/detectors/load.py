"""A detector by its name."""

from __future__ import annotations

from pathlib import Path

from textreid.errors import UnknownNameError
from textreid.io.forked import one_thread_in_forks
from textreid.io.user_folders import torch_folder
from textreid.people.detectors.boxes import Detector

RTDETR = (
    "PekingU/rtdetr_v2_r50vd",
    "PekingU/rtdetr_r50vd_coco_o365",
    "PekingU/rtdetr_r50vd",
    "PekingU/rtdetr_v2_r18vd",
    "PekingU/rtdetr_r18vd_coco_o365",
    "PekingU/rtdetr_r18vd",
)
"""On the Hugging Face hub, Apache-2.0: of those in the local cache the first is taken."""

DOWNLOAD = "PekingU/rtdetr_r18vd_coco_o365"
"""What "rtdetr" downloads if none of them is there."""


def load_detector(name: str = "auto") -> Detector:
    """Load who looks for people.

    Args:
        name: "auto": RT-DETR or else a torchvision detector if its weights are already on this machine, else
            "nanodet"; nothing is downloaded. "nanodet": NanoDet-g, which ships. "hog": OpenCV's. "rtdetr":
            RT-DETR, downloaded if need be. A name of torchvision's, such as
            "fasterrcnn_mobilenet_v3_large_fpn". A folder or a hub id ("owner/name") of an object detector in
            the transformers layout that knows the class "person".

    Raises:
        UnknownNameError: no detector has that name.
        ModelError: its weights cannot be loaded.
    """
    one_thread_in_forks()
    if name == "auto":
        return _present() or load_detector("nanodet")
    if name == "nanodet":
        from textreid.people.detectors.nanodet import NanoDetDetector

        return NanoDetDetector()
    if name == "hog":
        from textreid.people.detectors.hog import HogDetector

        return HogDetector()
    if name == "rtdetr":
        name = _cached() or DOWNLOAD
    if "/" in name or Path(name).is_dir():
        from textreid.people.detectors.huggingface import TransformersDetector

        return TransformersDetector(name)
    from textreid.people.detectors import torchvision as vision

    if name not in vision.names():
        raise UnknownNameError("detector", name, ["auto", "nanodet", "hog", "rtdetr", *vision.names()])
    return vision.TorchvisionDetector(name)


def _present() -> Detector | None:
    """The best neural detector whose weights are on this machine."""
    if repository := _cached():
        return load_detector(repository)
    home = torch_folder()
    if home is None or not any(home.glob("hub/checkpoints/*.pth")):  # most: no need to import torchvision
        return None
    from textreid.people.detectors import torchvision as vision

    name = next((name for name in vision.PREFERRED if vision.weights_file(name).is_file()), None)
    return vision.TorchvisionDetector(name) if name else None


def _cached() -> str | None:
    """The best RT-DETR in the local Hugging Face cache; looks at files only."""
    from huggingface_hub import try_to_load_from_cache

    needed = ("config.json", "preprocessor_config.json", "model.safetensors")
    for repository in RTDETR:
        if all(isinstance(try_to_load_from_cache(repository, file), str) for file in needed):
            return repository
    return None
