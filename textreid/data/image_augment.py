"""What training does to crops before the image tower sees them; search resizes and normalises alike.

A worker resizes and varies each crop as bytes (`train_transform`), a quarter of what floats would weigh on
the way to the device; there `Finish` does the rest for a batch at once, each image by itself. Everything
draws from torch's generators.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from PIL.Image import Image, Resampling
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F

from textreid.data.batches import seed_of
from textreid.recipe.augment import AugmentRecipe

AS_SEARCHED = AugmentRecipe(flip=0, pad=0, erase=0, jitter=0)
"""No variation: images as the processor of a model hands them to a search."""
HALF = (0.5, 0.5, 0.5)
ATTEMPTS, RATIOS = 10, (0.3, 3.3)
"""Of rectangles to erase, as in torchvision: draws until one fits, and shapes."""


def train_transform(
    augmentation: AugmentRecipe,
    image_size: tuple[int, int],
    mean: Sequence[float] = HALF,
    resample: int = Resampling.BILINEAR,
) -> v2.Transform:
    """PIL RGB image -> [3, H, W] uint8, resized and varied.

    Args:
        augmentation: how much; all zero, this and `Finish` together give exactly what the processor of the
            model gives.
        image_size: (height, width) in pixels.
        mean: of each channel, of values in [0, 1], as the model's image processor has it.
        resample: as Pillow numbers the ways to resize, as the processor has it.
    """
    a = augmentation
    policies = {"randaugment": v2.RandAugment, "autoaugment": v2.AutoAugment}
    fill = [round(255 * channel + 1e-6) for channel in mean]
    varied = [
        (a.flip, v2.RandomHorizontalFlip(a.flip)),
        (a.pad, v2.RandomCrop(image_size, padding=a.pad, fill=fill)),
        (a.grey, RandomGreyPatch(a.grey, scale=(0.02, 0.4))),
        (a.grey_all, v2.RandomGrayscale(a.grey_all)),
    ]
    if a.policy:
        varied.insert(
            2, (a.policy_probability, v2.RandomApply([policies[a.policy](fill=fill)], p=a.policy_probability))
        )
    return v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize(image_size, interpolation=InterpolationMode[Resampling(resample).name], antialias=True),
            *(step for amount, step in varied if amount),
        ]
    )


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


class Finish(nn.Module):
    """The last steps, on the device: colours jittered, normalised, a rectangle erased; each image by itself.

    Args:
        augmentation: how much.
        mean: of each channel, of values in [0, 1], as the model's image processor has it.
        std: of each channel.
    """

    def __init__(
        self, augmentation: AugmentRecipe, mean: Sequence[float] = HALF, std: Sequence[float] = HALF
    ) -> None:
        super().__init__()
        self.augmentation = augmentation
        self.mean, self.std = [255 * channel for channel in mean], [255 * channel for channel in std]

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """[B, 3, H, W] uint8 -> float32."""
        a, values = self.augmentation, images.float()
        if a.jitter:
            changes = torch.empty(3, len(images), 1, 1, 1, device=images.device)
            values = recolour(values, *changes.uniform_(max(0.0, 1 - a.jitter), 1 + a.jitter))
        values = F.normalize(values, self.mean, self.std)
        if not a.erase:
            return values
        fills = {
            "mean": lambda: values.new_zeros(()),
            "colour": lambda: torch.randn_like(values[:, :, :1, :1]),
            "noise": lambda: torch.randn_like(values),
        }
        return torch.where(rectangles(values, a.erase, a.erase_area), fills[a.erase_with](), values)


class SeededAugmentation:
    """Opened images -> [B, 3, H, W] uint8, for `textreid.io.image_reader.read_images`.

    What is drawn for one batch depends on the keys and the number of the batch alone. `finish` does the rest
    on the device, after `seed`.

    Args:
        processor: the image processor of the model.
        augmentation: how much is varied.
        keys: numbers that the seed is made of, together with the number of the batch.
    """

    def __init__(self, processor: Any, augmentation: AugmentRecipe, keys: tuple[int, ...]) -> None:
        size = processor.size["height"], processor.size["width"]
        self.keys = keys
        self.transform = train_transform(augmentation, size, processor.image_mean, processor.resample)
        self.finish = Finish(augmentation, processor.image_mean, processor.image_std)

    def __call__(self, number: int, images: Sequence[Image]) -> Tensor:
        """[B, 3, H, W] uint8 of the images of batch `number`, each varied by itself."""
        self.seed(number)
        return torch.stack([self.transform(image) for image in images])

    def seed(self, number: int) -> None:
        """Set torch's generators to the state in which the draws of batch `number` begin."""
        torch.manual_seed(seed_of(*self.keys, number))


def recolour(images: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    """Images with other saturation, contrast and brightness, as torchvision defines each.

    Args:
        images: [B, 3, H, W] float32, 0 to 255.
        brightness: [B, 1, 1, 1], 0 for black, 1 for as it was.
        contrast: [B, 1, 1, 1], 0 for the mean grey of the image, 1 for as it was.
        saturation: [B, 1, 1, 1], 0 for grey, 1 for as it was.
    """
    grey = F.rgb_to_grayscale(images, num_output_channels=1)  # saturation leaves it as it is
    vivid = torch.lerp(grey, images, saturation)
    spread = torch.lerp(grey.mean(dim=(2, 3), keepdim=True), vivid, contrast)
    return (brightness * spread).clamp(0, 255)


def rectangles(images: Tensor, probability: float, area: tuple[float, float]) -> Tensor:
    """[B, 1, H, W] bool, a random rectangle in some images (Zhong et al., "Random Erasing", AAAI 2020).

    Args:
        images: [B, 3, H, W].
        probability: that an image has one.
        area: its smallest and largest fraction of the image.
    """
    (count, _, height, width), device = images.shape, images.device
    areas = torch.empty(count, ATTEMPTS, device=device).uniform_(*area) * (height * width)
    ratios = torch.empty(count, ATTEMPTS, device=device).uniform_(*map(math.log, RATIOS)).exp()
    sizes = torch.stack([(areas * ratios).sqrt(), (areas / ratios).sqrt()]).round()  # [2, B, ATTEMPTS]
    fits = (sizes[0] < height) & (sizes[1] < width)
    first = fits.int().argmax(dim=1)[:, None]
    tall, wide = (size.gather(1, first) for size in sizes)
    chosen = (torch.rand(count, device=device) < probability) & fits.any(dim=1)

    def covered(length: int, size: Tensor) -> Tensor:
        start = (torch.rand(count, 1, device=device) * (length - size + 1)).floor()
        place = torch.arange(length, device=device)
        return (place >= start) & (place < start + size)

    rows, columns = covered(height, tall), covered(width, wide)
    return (rows[:, :, None] & columns[:, None, :] & chosen[:, None, None])[:, None]
