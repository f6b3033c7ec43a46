"""What training does to a crop before the image tower sees it; search resizes and normalises alike."""

from __future__ import annotations

import torch
from torchvision.transforms import v2

from textreid.config import AugmentRecipe


def train_transform(augmentation: AugmentRecipe, image_size: tuple[int, int]) -> v2.Transform:
    """PIL RGB image -> [3, H, W] float32 in [-1, 1], varied.

    Args:
        augmentation: how much; all zero gives exactly what the processor of the model gives.
        image_size: (height, width) in pixels.
    """
    a = augmentation
    return v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize(image_size, antialias=True),
            v2.RandomHorizontalFlip(a.flip),
            v2.Pad(a.pad, fill=128),
            v2.RandomCrop(image_size),
            v2.ColorJitter(a.jitter, a.jitter, a.jitter),
            v2.ToDtype(torch.float32),
            v2.Normalize([127.5] * 3, [127.5] * 3),
            v2.RandomErasing(a.erase, scale=(0.02, 0.2)),
        ]
    )
