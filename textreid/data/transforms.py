"""What training does to a crop before the image tower sees it; search resizes and normalises alike.

Everything but the first step takes tensors as well as pictures, and everything draws from torch's generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F

from textreid.config import AugmentRecipe

HALF = (0.5, 0.5, 0.5)


def train_transform(
    augmentation: AugmentRecipe,
    image_size: tuple[int, int],
    mean: Sequence[float] = HALF,
    std: Sequence[float] = HALF,
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
) -> v2.Transform:
    """PIL RGB image -> [3, H, W] float32, varied and normalised.

    Args:
        augmentation: how much; all zero gives exactly what the processor of the model gives.
        image_size: (height, width) in pixels.
        mean: of each channel, of values in [0, 1], as the model's image processor has it.
        std: of each channel.
        interpolation: of the model's image processor.
    """
    return v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize(image_size, interpolation=interpolation, antialias=True),
            *varied(augmentation, image_size, mean),
            *normalised(augmentation, mean, std),
        ]
    )


def varied(
    augmentation: AugmentRecipe, image_size: tuple[int, int], mean: Sequence[float]
) -> list[v2.Transform]:
    """The steps [3, H, W] uint8 -> the same, varied; given a batch, they vary all of it alike."""
    a = augmentation
    policies = {"randaugment": v2.RandAugment, "autoaugment": v2.AutoAugment}
    fill = [round(255 * channel + 1e-6) for channel in mean]
    steps = [
        (a.flip, v2.RandomHorizontalFlip(a.flip)),
        (a.pad, v2.Compose([v2.Pad(a.pad, fill=fill), v2.RandomCrop(image_size)])),
        (a.jitter, v2.ColorJitter(a.jitter, a.jitter, a.jitter)),
        (a.grey, RandomGreyPatch(a.grey, scale=(0.02, 0.4))),
        (a.grey_all, v2.RandomGrayscale(a.grey_all)),
    ]
    if a.policy:
        steps.insert(2, (a.policy_share, v2.RandomApply([policies[a.policy](fill=fill)], p=a.policy_share)))
    return [step for amount, step in steps if amount]


def normalised(
    augmentation: AugmentRecipe, mean: Sequence[float], std: Sequence[float]
) -> list[v2.Transform]:
    """The steps [3, H, W] uint8 -> float32, normalised, a rectangle erased."""
    a = augmentation
    erase = {
        "mean": v2.RandomErasing(a.erase, scale=a.erase_area),
        "noise": v2.RandomErasing(a.erase, scale=a.erase_area, value="random"),
        "colour": RandomColourPatch(a.erase, scale=a.erase_area),
    }
    return [
        v2.ToDtype(torch.float32),
        v2.Normalize([255 * channel for channel in mean], [255 * channel for channel in std]),
        *([erase[a.erase_with]] if a.erase else []),
    ]


class RandomGreyPatch(v2.RandomErasing):
    """Takes the colours from a random rectangle; its place and size are those of `RandomErasing`."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image with a grey rectangle, if one was drawn."""
        if params["v"] is None:
            return inpt
        rows, columns = (
            slice(params[at], params[at] + params[size]) for at, size in (("i", "h"), ("j", "w"))
        )
        varied = inpt.clone()
        varied[..., rows, columns] = F.rgb_to_grayscale(inpt[..., rows, columns], num_output_channels=3)
        return varied


class RandomColourPatch(v2.RandomErasing):
    """Paints a random rectangle in one random colour, each channel drawn from a normal distribution."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Place and size of the rectangle, and its colour; none if none is drawn."""
        params: dict[str, Any] = super().make_params(flat_inputs)
        return params if params["v"] is None else params | {"v": torch.randn(3, 1, 1)}
