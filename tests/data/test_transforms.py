"""Training sees crops as search does, but for the variation that a recipe asks for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from textreid.config import AugmentRecipe
from textreid.data.transforms import train_transform
from textreid.models.processing import image_processor

NOTHING = AugmentRecipe(flip=0, pad=0, erase=0, jitter=0)


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", [(37, 91), (64, 128), (200, 300), (1, 1), (500, 40)])
def test_without_augmentation_equals_the_processor(size: tuple[int, int]) -> None:
    image = noise(*size)
    seen_in_search = image_processor((128, 64))(images=[image], return_tensors="pt")["pixel_values"][0]
    assert torch.equal(train_transform(NOTHING, (128, 64))(image), seen_in_search)


@pytest.mark.parametrize(
    "augment",
    [
        AugmentRecipe(),
        AugmentRecipe(flip=1, pad=0, erase=0, jitter=0),
        AugmentRecipe(flip=0, pad=8, erase=0, jitter=0),
        AugmentRecipe(flip=0, pad=0, erase=1, jitter=0),
        AugmentRecipe(flip=0, pad=0, erase=0, jitter=0.5),
    ],
)
def test_augmented_crop_keeps_its_shape_and_range(augment: AugmentRecipe) -> None:
    torch.manual_seed(0)
    image = train_transform(augment, (64, 32))(noise(50, 120))
    assert image.shape == (3, 64, 32)
    assert image.dtype == torch.float32
    assert image.abs().max() <= 1
    assert not torch.equal(image, train_transform(NOTHING, (64, 32))(noise(50, 120)))


def test_flip_mirrors() -> None:
    plain = train_transform(NOTHING, (64, 32))(noise(50, 120))
    mirrored = train_transform(AugmentRecipe(flip=1, pad=0, erase=0, jitter=0), (64, 32))(noise(50, 120))
    torch.testing.assert_close(mirrored, plain.flip(2))


def test_erasing_and_padding_fill_with_the_middle_grey() -> None:
    white = Image.new("RGB", (32, 64), "white")
    torch.manual_seed(0)
    erased = train_transform(AugmentRecipe(flip=0, pad=0, erase=1, jitter=0), (64, 32))(white)
    padded = train_transform(AugmentRecipe(flip=0, pad=20, erase=0, jitter=0), (64, 32))(white)
    for image in (erased, padded):
        changed = image[image != 1]
        assert changed.numel() > 0
        assert changed.abs().max() < 0.005


def test_the_picture_itself_is_left_alone() -> None:
    image = noise(50, 120)
    before = np.asarray(image).copy()
    train_transform(AugmentRecipe(), (64, 32))(image)
    assert np.array_equal(before, np.asarray(image))
