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

from textreid.models.backbones.timm_network import TimmNetwork

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


class ResNetIBN(TimmNetwork):
    """timm's ResNet, with other normalisation in the blocks of its first three stages."""

    names = tuple(NETWORKS)

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        super().__init__(NETWORKS[name], options)

    def build(self, image_size: tuple[int, int]) -> nn.Module:
        """See `Backbone.build`."""
        tower: Any = super().build(image_size)
        for stage in (tower.layer1, tower.layer2, tower.layer3):
            for block in stage:
                block.bn1 = InstanceBatchNorm(block.bn1.num_features)
        network: nn.Module = tower
        return network
