"""ResNet-50 and -101 with instance normalisation beside batch normalisation (IBN-a).

Half of the channels after the first convolution of a block are normalised within each image, which takes
away its light and camera; the other half keep them (Pan et al., "Two at Once: Enhancing Learning and
Generalization Capacities via IBN-Net", ECCV 2018). The last stage has none. Names of weights are
those of the authors' checkpoints, saved as safetensors. Options: as for a ResNet of timm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from textreid.models.backbones import timm_network

NETWORKS = {"resnet50_ibn_a": "resnet50", "resnet101_ibn_a": "resnet101"}


class InstanceBatchNorm(nn.Module):
    """The first half of the channels by image, the second half by batch.

    Args:
        channels: an even number.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.IN = nn.InstanceNorm2d(channels // 2, affine=True)  # published names
        self.BN = nn.BatchNorm2d(channels - channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, h, w] to the same."""
        by_image, by_batch = x.split([self.IN.num_features, self.BN.num_features], dim=1)
        return torch.cat([self.IN(by_image), self.BN(by_batch)], dim=1)


def names() -> list[str]:
    """What a recipe can call them."""
    return list(NETWORKS)


def build(name: str, image_size: tuple[int, int], options: Mapping[str, Any]) -> nn.Module:
    """The network, weights drawn at random.

    Args:
        name: one of `names()`.
        image_size: (height, width) in pixels; any.
        options: as `timm_network` reads them for a ResNet.

    Raises:
        ModelError: an option does not fit.
    """
    tower: Any = timm_network.build(NETWORKS[name], image_size, options)
    for stage in (tower.layer1, tower.layer2, tower.layer3):
        for block in stage:
            block.bn1 = InstanceBatchNorm(block.bn1.num_features)
    return tower


def has_table(name: str) -> bool:
    """Never: convolutions know where they are."""
    del name
    return False


def normalisation(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the pixels: ImageNet's."""
    return timm_network.normalisation(NETWORKS[name])


widths, read = timm_network.widths, timm_network.read
