"""What draws crops and what judges them: shapes, ranges, the paper's first weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from textreid.models.generators.dcgan import Discriminator, Generator


@pytest.mark.parametrize("image_size", [(128, 64), (64, 64), (16, 32)])
def test_what_is_drawn_can_be_judged(image_size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    generator, judge = Generator(image_size, noise=7, width=4), Discriminator(image_size, width=4)
    crops = generator(torch.randn(5, 7))
    assert crops.shape == (5, 3, *image_size)
    assert crops.abs().max() <= 1
    assert judge(crops).shape == (5,)


def test_layers_are_those_of_the_paper() -> None:
    """Four doublings behind the first grid, 512 channels down to 64; kernels from N(0, 0.02)."""
    torch.manual_seed(0)
    generator = Generator((64, 64), noise=100, width=64)
    layers = [layer for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in layers] == [
        (100, 512),
        (512, 256),
        (256, 128),
        (128, 64),
        (64, 3),
    ]
    assert all(abs(float(layer.weight.detach().std()) - 0.02) < 2e-3 for layer in layers)
