"""OSNet: a small network that looks at every location at four scales at once.

A block runs four streams of one to four light 3×3 convolutions, which see 3×3 to 9×9 pixels, and adds them
under gates that one shared network computes from each stream (Zhou et al., "Omni-Scale Feature Learning for
Person Re-Identification", ICCV 2019). Names of weights are those of the authors' checkpoints, saved as
safetensors. It has no options.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from textreid.errors import UnknownNameError
from textreid.models.backbones._backbone import Backbone, Grid, MeanStd

CHANNELS = {
    "osnet_x1_0": (64, 256, 384, 512),
    "osnet_x0_75": (48, 192, 288, 384),
    "osnet_x0_5": (32, 128, 192, 256),
    "osnet_x0_25": (16, 64, 96, 128),
}
POOLED = 512
STREAMS = {"conv2a": 1, "conv2b": 2, "conv2c": 3, "conv2d": 4}


class Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU.

    Args:
        inputs: channels.
        outputs: channels.
        kernel: side of the kernel; padded to keep the size at stride 1.
        stride: pixels from one output to the next.
        linear: leave out the ReLU.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, *, linear: bool = False
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.activation = nn.Identity() if linear else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, h, w] to [N, C', h', w']."""
        normalised: Tensor = self.activation(self.bn(self.conv(x)))
        return normalised


class LightConvolution(nn.Module):
    """A 3×3 convolution in two factors: across channels, then within each.

    Args:
        channels: of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, h, w] to the same."""
        return torch.relu(self.bn(self.conv2(self.conv1(x))))


class Gate(nn.Module):
    """Weighs each channel of a stream by what the whole image shows: the unified aggregation gate.

    Args:
        channels: of the stream.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, h, w] to the same."""
        weight: Tensor = self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))).sigmoid()
        return x * weight


class OmniScaleBlock(nn.Module):
    """A residual block of four streams.

    Args:
        inputs: channels.
        outputs: channels; the streams have a quarter.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        middle = outputs // 4
        self.conv1 = Convolution(inputs, middle)
        for stream, depth in STREAMS.items():
            layers = [LightConvolution(middle) for _ in range(depth)]
            self.add_module(stream, layers[0] if depth == 1 else nn.Sequential(*layers))
        self.gate = Gate(middle)
        self.conv3 = Convolution(middle, outputs, linear=True)
        self.downsample = Convolution(inputs, outputs, linear=True) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, h, w] to [N, C', h, w]."""
        narrow = self.conv1(x)
        mixed = sum(self.gate(self.get_submodule(stream)(narrow)) for stream in STREAMS)
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.conv3(mixed) + shortcut)


class OSNet(nn.Module):
    """[N, 3, H, W] to the map [N, C, H/16, W/16]; `fc` makes its mean a vector of 512 numbers.

    Args:
        channels: of the stem and the three stages.
    """

    def __init__(self, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        stem, *_, last = channels
        self.conv1 = Convolution(3, stem, 7, 2)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.conv2, self.conv3, self.conv4 = (
            nn.Sequential(
                OmniScaleBlock(inputs, outputs), OmniScaleBlock(outputs, outputs), *_end(outputs, n)
            )
            for n, (inputs, outputs) in enumerate(pairwise(channels))
        )
        self.conv5 = Convolution(last, last)
        self.fc = nn.Sequential(nn.Linear(last, POOLED), nn.BatchNorm1d(POOLED), nn.ReLU())
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pixels: Tensor) -> Tensor:
        """The map."""
        x = self.maxpool(self.conv1(pixels))
        grid: Tensor = self.conv5(self.conv4(self.conv3(self.conv2(x))))
        return grid


def _end(channels: int, stage: int) -> list[nn.Module]:
    """The first two stages end with half the resolution."""
    return [nn.Sequential(Convolution(channels, channels), nn.AvgPool2d(2))] if stage < 2 else []


class OmniScale(Backbone):
    """OSNet of four widths; it has no options."""

    names = tuple(CHANNELS)

    @property
    def normalisation(self) -> MeanStd:
        """ImageNet's, for every width."""
        return (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    def build(self, image_size: tuple[int, int]) -> OSNet:  # noqa: ARG002 (any size will do)
        """See `Backbone.build`."""
        for option in self.options:
            raise UnknownNameError(f"option of {self.name}", option, [])
        return OSNet(CHANNELS[self.name])

    def widths(self, tower: OSNet) -> tuple[int, int]:
        """See `Backbone.widths`."""
        return tower.conv5.conv.out_channels, POOLED

    def read(self, tower: OSNet, pixel_values: Tensor) -> Grid:
        """See `Backbone.read`."""
        grid = tower(pixel_values.contiguous(memory_format=torch.channels_last))
        size = grid.shape[2], grid.shape[3]
        return Grid(grid.flatten(2).transpose(1, 2), size, tower.fc(grid.mean((2, 3))))
