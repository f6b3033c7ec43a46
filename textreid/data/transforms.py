"""What training does to a crop before the image tower sees it; search sees the same resize and normalisation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torchvision.transforms import v2


@dataclass(frozen=True)
class Augmentation:
    """How crops are varied in training.

    Attributes:
        flip: probability of a mirror image.
        pad: pixels added on each side before a random crop back to size.
        erase: probability that a rectangle of 2–20 % is erased (Zhong et al., "Random Erasing", AAAI 2020).
        jitter: strength of brightness, contrast and saturation changes; hue stays, captions name colours.
    """

    flip: float = 0.5
    pad: int = 10
    erase: float = 0.3
    jitter: float = 0.1


def train_transform(augmentation: Augmentation, image_size: tuple[int, int]) -> v2.Transform:
    """PIL RGB image -> [3, H, W] float32 in [-1, 1], varied."""
    a = augmentation
    return v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize(image_size, antialias=True),
            v2.RandomHorizontalFlip(a.flip),
            v2.Pad(a.pad, fill=128),
            v2.RandomCrop(image_size),
            v2.ColorJitter(a.jitter, a.jitter, a.jitter),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
            v2.RandomErasing(a.erase, scale=(0.02, 0.2)),
        ]
    )
