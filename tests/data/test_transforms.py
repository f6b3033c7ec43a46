"""Training sees crops as search does, but for the variation that a recipe asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from transformers import CLIPImageProcessor

from textreid.config import AugmentRecipe
from textreid.data.transforms import normalised, train_transform, varied
from textreid.errors import InputError
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
        replace(NOTHING, policy="randaugment", policy_share=1),
        replace(NOTHING, policy="autoaugment", policy_share=1),
        replace(NOTHING, grey=1),
        replace(NOTHING, grey_all=1),
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


MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def test_statistics_and_interpolation_are_those_of_the_model() -> None:
    """CLIP's own processor, resizing as CLIP does, gives the same."""
    image = noise(60, 150)
    processor = CLIPImageProcessor(
        size={"height": 128, "width": 64}, do_center_crop=False, image_mean=MEAN, image_std=STD
    )
    expected = processor(images=[image], return_tensors="pt")["pixel_values"][0]
    transform = train_transform(NOTHING, (128, 64), MEAN, STD, InterpolationMode.BICUBIC)
    torch.testing.assert_close(transform(image), expected, atol=1e-5, rtol=0)


def test_padding_and_erasing_fill_with_the_mean_of_the_model() -> None:
    white = Image.new("RGB", (32, 64), "white")
    torch.manual_seed(0)
    for recipe in (replace(NOTHING, pad=20), replace(NOTHING, erase=1)):
        image = train_transform(recipe, (64, 32), MEAN, STD)(white)
        filled = image[0] != image[0].max()
        assert filled.any()
        assert image[:, filled].abs().max() < 0.01


@pytest.mark.parametrize("size", [(0.02, 0.05), (0.3, 0.4)])
def test_erased_area(size: tuple[float, float]) -> None:
    torch.manual_seed(0)
    transform = train_transform(replace(NOTHING, erase=1, erase_area=size), (128, 64))
    white = Image.new("RGB", (64, 128), "white")
    shares = [(transform(white)[0] != 1).float().mean().item() for _ in range(50)]
    assert size[0] * 0.9 < min(shares) < max(shares) < size[1] * 1.1


def test_erasing_with_noise_and_with_one_colour() -> None:
    white = Image.new("RGB", (64, 128), "white")
    torch.manual_seed(0)
    different = {}
    for fill in ("noise", "colour"):
        image = train_transform(replace(NOTHING, erase=1, erase_with=fill), (128, 64))(white)
        erased = image[:, (image != 1).any(dim=0)]
        different[fill] = len(erased.unique(dim=1).T) / erased.shape[1]
    assert different["noise"] == 1
    assert 0 < different["colour"] < 0.02


def test_grey_patch_is_grey_and_the_rest_as_it_was() -> None:
    torch.manual_seed(0)
    image = noise(64, 128)
    plain = train_transform(NOTHING, (128, 64))(image)
    patched = train_transform(replace(NOTHING, grey=1), (128, 64))(image)
    changed = (patched != plain).any(dim=0)
    red, green, blue = patched[:, changed]
    torch.testing.assert_close(red, green, atol=0, rtol=0)
    torch.testing.assert_close(red, blue, atol=0, rtol=0)
    weights = torch.tensor([0.299, 0.587, 0.114])
    luma = (plain[:, changed] * weights[:, None]).sum(dim=0)
    torch.testing.assert_close(red, luma, atol=2 / 127.5, rtol=0)
    rows, columns = changed.nonzero().unbind(1)
    box = (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
    assert 0.02 * 0.9 <= box / changed.numel() <= 0.4 * 1.1
    assert changed.sum() > 0.95 * box


def test_grey_all_takes_every_colour() -> None:
    image = train_transform(replace(NOTHING, grey_all=1), (64, 32))(noise(50, 120))
    assert torch.equal(image[0], image[1])
    assert torch.equal(image[0], image[2])


def test_policy_has_its_share() -> None:
    torch.manual_seed(0)
    image = noise(20, 40)
    plain = train_transform(NOTHING, (40, 20))(image)
    transform = train_transform(replace(NOTHING, policy="randaugment", policy_share=0.3), (40, 20))
    changed = sum(not torch.equal(transform(image), plain) for _ in range(200))
    assert 30 < changed < 75


def test_the_same_steps_take_a_batch_on_its_device() -> None:
    """uint8 in, uint8 out, then float; each image of a batch is varied like the others."""
    torch.manual_seed(0)
    batch = torch.randint(0, 256, (3, 3, 64, 32), dtype=torch.uint8)
    batch[1] = batch[0]
    for step in varied(AugmentRecipe(flip=1, grey=1, jitter=0.3), (64, 32), (0.5,) * 3):
        batch = step(batch)
    assert (batch.shape, batch.dtype) == ((3, 3, 64, 32), torch.uint8)
    for step in normalised(AugmentRecipe(erase=1), (0.5,) * 3, (0.5,) * 3):
        batch = step(batch)
    assert batch.dtype == torch.float32
    assert torch.equal(batch[0], batch[1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flip": 1.5}, "flip is 1.5"),
        ({"grey": -0.1}, "grey is -0.1"),
        ({"erase_area": (0.5, 0.2)}, "erase_area"),
    ],
)
def test_impossible_amounts_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        AugmentRecipe(**changes)
