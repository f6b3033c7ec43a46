"""DCGAN: a network that draws crops, and one that tells them from real ones.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", ICLR 2016.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

HALVINGS = 4
"""Layers that double the height and width of a drawing, and halve those of what is judged."""


class Generator(nn.Module):
    """Noise -> crops: a grid of few places, doubled four times by transposed convolutions.

    Args:
        image_size: (height, width) in pixels, multiples of 16.
        noise: numbers that a crop is drawn from.
        width: channels before the last layer; each layer before has twice as many.
    """

    def __init__(self, image_size: tuple[int, int], *, noise: int, width: int) -> None:
        super().__init__()
        self.noise = noise
        base = image_size[0] // 2**HALVINGS, image_size[1] // 2**HALVINGS
        channels = [width * 2**place for place in reversed(range(HALVINGS))]
        layers: list[nn.Module] = [
            nn.Unflatten(1, (noise, 1, 1)),
            nn.ConvTranspose2d(noise, channels[0], base, bias=False),
            *_normed(channels[0], nn.ReLU()),
        ]
        for before, after in pairwise(channels):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), *_normed(after, nn.ReLU())]
        layers += [nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(_draw_weights)

    def forward(self, noise: Tensor) -> Tensor:
        """[B, 3, H, W] in [-1, 1].

        Args:
            noise: [B, noise] float32, normally distributed.
        """
        crops: Tensor = self.layers(noise)
        return crops


class Discriminator(nn.Module):
    """Crops -> logits that they are real: the way of the generator back, by strided convolutions.

    Args:
        image_size: (height, width) in pixels, multiples of 16.
        width: channels behind the first layer; each layer after has twice as many.
    """

    def __init__(self, image_size: tuple[int, int], *, width: int) -> None:
        super().__init__()
        base = image_size[0] // 2**HALVINGS, image_size[1] // 2**HALVINGS
        channels = [width * 2**place for place in range(HALVINGS)]
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for before, after in pairwise(channels):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), *_normed(after, nn.LeakyReLU(0.2))]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, base), nn.Flatten(0))
        self.apply(_draw_weights)

    def forward(self, crops: Tensor) -> Tensor:
        """[B] float32 logits.

        Args:
            crops: [B, 3, H, W] in [-1, 1].
        """
        logits: Tensor = self.layers(crops)
        return logits


def _normed(channels: int, activation: nn.Module) -> tuple[nn.Module, nn.Module]:
    return nn.BatchNorm2d(channels), activation


def _draw_weights(module: nn.Module) -> None:
    """As in the paper: all kernels from a normal distribution of 0.02."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, std=0.02)
