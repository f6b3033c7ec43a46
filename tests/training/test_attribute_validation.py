"""Recognition on crops: predictions and truth meet, image by image."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.helpers.small_models import joint_model
from textreid.losses import Sizes
from textreid.losses.attributes import Attributes, Config
from textreid.training.attribute_validation import validate_attributes
from textreid.types import PersonCrop

GROUPS = {"coat": ("blue", "red"), "hat": ("no", "yes")}


def crops(folder: Path) -> list[PersonCrop]:
    made = []
    for number in range(10):
        coat = "red" if number % 2 else "blue"
        path = folder / f"{number}.png"
        Image.new("RGB", (20, 40), (200 - number, 0, 0) if number % 2 else (0, 0, 200 - number)).save(path)
        told = {"coat": coat} if number else {}
        made.append(PersonCrop(path.name, path, number, attributes=told))
    return made


def test_heads_that_know_colours_are_right(tmp_path: Path) -> None:
    model, processor = joint_model()
    model.eval()
    people = crops(tmp_path)
    heads = Attributes(Config(), Sizes(model.config.projection_dim, 4, attributes=GROUPS))
    images = [Image.open(crop.image).convert("RGB") for crop in people]
    pixels = processor.image_processor(images=images, return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        pooled = model.encode_image(pixels).pooled
        apart = pooled[1::2].mean(0) - pooled[::2].mean(0)
        heads.heads.weight.zero_()
        heads.heads.bias.zero_()
        heads.heads.weight[1] = apart  # red
        heads.heads.bias[1] = -(apart @ pooled.mean(0))
    for size in (3, 64):
        result = validate_attributes(model, processor, heads, people, GROUPS, size=size)
        assert result.groups == {"coat": 1.0}  # nobody knows about hats
        assert result.mean_accuracy == 1.0
    with torch.no_grad():
        heads.heads.weight[1] *= -1
        heads.heads.bias[1] *= -1
    assert validate_attributes(model, processor, heads, people, GROUPS).groups["coat"] == pytest.approx(0.0)


def test_no_crop_at_all() -> None:
    model, processor = joint_model()
    heads = Attributes(Config(), Sizes(model.config.projection_dim, 4, attributes=GROUPS))
    assert validate_attributes(model.eval(), processor, heads, [], GROUPS).groups == {}
