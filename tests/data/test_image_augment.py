"""Training sees crops as search does, but for the variation that a recipe asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.Image import Resampling
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F
from transformers import CLIPImageProcessor

from textreid.data.image_augment import (
    AS_SEARCHED,
    HALF,
    Finish,
    SeededAugmentation,
    recolour,
    rectangles,
    train_transform,
)
from textreid.errors import InputError
from textreid.models.processor import image_processor
from textreid.recipe import AugmentRecipe

Size = tuple[int, int]


def seen(
    image: Image.Image,
    augment: AugmentRecipe,
    size: Size,
    mean: Sequence[float] = HALF,
    std: Sequence[float] = HALF,
    resample: int = Resampling.BILINEAR,
) -> torch.Tensor:
    """What the image tower sees of one image in training."""
    varied = train_transform(augment, size, mean, resample)(image)
    assert varied.dtype == torch.uint8
    finished: torch.Tensor = Finish(augment, mean, std)(varied[None])[0]
    return finished


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", [(37, 91), (64, 128), (200, 300), (1, 1), (500, 40)])
def test_without_augmentation_equals_the_processor(size: tuple[int, int]) -> None:
    image = noise(*size)
    seen_in_search = image_processor((128, 64))(images=[image], return_tensors="pt")["pixel_values"][0]
    assert torch.equal(seen(image, AS_SEARCHED, (128, 64)), seen_in_search)


@pytest.mark.parametrize(
    "augment",
    [
        AugmentRecipe(),
        AugmentRecipe(flip=1, pad=0, erase=0, jitter=0),
        AugmentRecipe(flip=0, pad=8, erase=0, jitter=0),
        AugmentRecipe(flip=0, pad=0, erase=1, jitter=0),
        AugmentRecipe(flip=0, pad=0, erase=0, jitter=0.5),
        replace(AS_SEARCHED, policy="randaugment", policy_probability=1),
        replace(AS_SEARCHED, policy="autoaugment", policy_probability=1),
        replace(AS_SEARCHED, grey=1),
        replace(AS_SEARCHED, grey_all=1),
    ],
)
def test_augmented_crop_keeps_its_shape_and_range(augment: AugmentRecipe) -> None:
    torch.manual_seed(0)
    image = seen(noise(50, 120), augment, (64, 32))
    assert image.shape == (3, 64, 32)
    assert image.dtype == torch.float32
    assert image.abs().max() <= 1
    assert not torch.equal(image, seen(noise(50, 120), AS_SEARCHED, (64, 32)))


def test_flip_mirrors() -> None:
    plain = seen(noise(50, 120), AS_SEARCHED, (64, 32))
    mirrored = seen(noise(50, 120), replace(AS_SEARCHED, flip=1), (64, 32))
    torch.testing.assert_close(mirrored, plain.flip(2))


def test_erasing_and_padding_fill_with_the_middle_grey() -> None:
    white = Image.new("RGB", (32, 64), "white")
    torch.manual_seed(0)
    erased = seen(white, replace(AS_SEARCHED, erase=1), (64, 32))
    padded = seen(white, replace(AS_SEARCHED, pad=20), (64, 32))
    for image in (erased, padded):
        changed = image[image != 1]
        assert changed.numel() > 0
        assert changed.abs().max() < 0.005


def test_the_image_itself_is_left_alone() -> None:
    image = noise(50, 120)
    before = np.asarray(image).copy()
    seen(image, AugmentRecipe(), (64, 32))
    assert np.array_equal(before, np.asarray(image))


MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def test_statistics_and_interpolation_are_those_of_the_model() -> None:
    """CLIP's own processor, resizing as CLIP does, gives the same."""
    image = noise(60, 150)
    processor = CLIPImageProcessor(
        size={"height": 128, "width": 64}, do_center_crop=False, image_mean=MEAN, image_std=STD
    )
    expected = processor(images=[image], return_tensors="pt")["pixel_values"][0]
    given = seen(image, AS_SEARCHED, (128, 64), MEAN, STD, Resampling.BICUBIC)
    torch.testing.assert_close(given, expected, atol=1e-5, rtol=0)


def test_padding_and_erasing_fill_with_the_mean_of_the_model() -> None:
    white = Image.new("RGB", (32, 64), "white")
    torch.manual_seed(0)
    for recipe in (replace(AS_SEARCHED, pad=20), replace(AS_SEARCHED, erase=1)):
        image = seen(white, recipe, (64, 32), MEAN, STD)
        filled = image[0] != image[0].max()
        assert filled.any()
        assert image[:, filled].abs().max() < 0.01


@pytest.mark.parametrize("size", [(0.02, 0.05), (0.3, 0.4)])
def test_erased_area(size: tuple[float, float]) -> None:
    torch.manual_seed(0)
    recipe = replace(AS_SEARCHED, erase=1, erase_area=size)
    white = Image.new("RGB", (64, 128), "white")
    shares = [(seen(white, recipe, (128, 64))[0] != 1).float().mean().item() for _ in range(50)]
    assert size[0] * 0.9 < min(shares) < max(shares) < size[1] * 1.1


def test_erasing_with_noise_and_with_one_colour() -> None:
    white = Image.new("RGB", (64, 128), "white")
    torch.manual_seed(0)
    different = {}
    for fill in ("noise", "colour"):
        image = seen(white, replace(AS_SEARCHED, erase=1, erase_with=fill), (128, 64))
        erased = image[:, (image != 1).any(dim=0)]
        different[fill] = len(erased.unique(dim=1).T) / erased.shape[1]
    assert different["noise"] == 1
    assert 0 < different["colour"] < 0.02


def test_grey_patch_is_grey_and_the_rest_as_it_was() -> None:
    torch.manual_seed(0)
    image = noise(64, 128)
    plain = seen(image, AS_SEARCHED, (128, 64))
    patched = seen(image, replace(AS_SEARCHED, grey=1), (128, 64))
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
    image = seen(noise(50, 120), replace(AS_SEARCHED, grey_all=1), (64, 32))
    assert torch.equal(image[0], image[1])
    assert torch.equal(image[0], image[2])


def test_policy_has_its_share() -> None:
    torch.manual_seed(0)
    image = noise(20, 40)
    plain = train_transform(AS_SEARCHED, (40, 20))(image)
    transform = train_transform(replace(AS_SEARCHED, policy="randaugment", policy_probability=0.3), (40, 20))
    changed = sum(not torch.equal(transform(image), plain) for _ in range(200))
    assert 30 < changed < 75


def test_each_image_of_a_batch_is_finished_by_itself() -> None:
    torch.manual_seed(0)
    batch = torch.randint(0, 256, (1, 3, 64, 32), dtype=torch.uint8).expand(40, -1, -1, -1)
    images = Finish(AugmentRecipe(erase=0.5))(batch)
    assert len(images.flatten(1).unique(dim=0)) == 40
    erased = (images == 0).all(dim=1).flatten(1).sum(dim=1) > 0.01 * 64 * 32
    assert 10 <= erased.sum() <= 30


def test_colours_change_as_in_torchvision() -> None:
    torch.manual_seed(0)
    images = 255 * (0.3 + 0.4 * torch.rand(4, 3, 20, 10))
    factors = 0.7 + 0.6 * torch.rand(3, 4, 1, 1, 1)
    for image, given, row in zip(images, recolour(images, *factors), factors.flatten(1).T, strict=True):
        brightness, contrast, saturation = row.tolist()
        expected = F.adjust_contrast(F.adjust_saturation(image / 255, saturation), contrast)
        expected = F.adjust_brightness(expected, brightness)
        torch.testing.assert_close(given / 255, expected, atol=2e-4, rtol=0)


def test_erased_rectangles_are_distributed_as_in_torchvision() -> None:
    """Place, size and how often one is drawn, over many images."""
    torch.manual_seed(0)
    white = torch.ones(4000, 3, 64, 32)
    ours = rectangles(white, 0.5, (0.1, 0.6))[:, 0]
    theirs = torch.stack([v2.RandomErasing(0.5, scale=(0.1, 0.6))(image)[0] == 0 for image in white])
    for found in (ours, theirs):
        rows, columns = found.any(dim=2).sum(dim=1), found.any(dim=1).sum(dim=1)
        assert torch.equal(rows * columns, found.sum(dim=(1, 2)))
    for measure in (
        lambda found: found.any(dim=2).any(dim=1),
        lambda found: found.any(dim=2).sum(dim=1),
        lambda found: found.any(dim=1).sum(dim=1),
        lambda found: found[:, :8].any(dim=1).any(dim=1),
        lambda found: found[:, :, -8:].any(dim=1).any(dim=1),
    ):
        one, two = measure(ours).double(), measure(theirs).double()
        spread = ((one.var() + two.var()) / len(white)).sqrt()
        assert (one.mean() - two.mean()).abs() < 4 * spread


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


def test_what_a_batch_draws_depends_on_the_keys_and_its_number_alone() -> None:
    images = [noise(30, 60), noise(31, 60)]
    augment = SeededAugmentation(image_processor((32, 16)), AugmentRecipe(), (7, 1))

    def varied(number: int) -> torch.Tensor:
        pixels = augment(number, images)
        augment.seed(number)
        finished: torch.Tensor = augment.finish(pixels)
        return finished

    first = varied(3)
    assert not torch.equal(varied(4), first)
    assert torch.equal(varied(3), first)
    other = SeededAugmentation(image_processor((32, 16)), AugmentRecipe(), (7, 2))
    assert not torch.equal(other(3, images), augment(3, images))
