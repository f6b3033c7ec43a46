"""The affine grid against torch's own, its start, and whether it finds people who stand off the middle."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from textreid.models.aligners.pan import PAN, Config, sample


def affine(scale: float = 1.0, x: float = 0.0, y: float = 0.0) -> Tensor:
    return torch.tensor([[[scale, 0.0, x], [0.0, scale, y]]])


def test_the_identity_changes_nothing() -> None:
    images = torch.randn(1, 3, 12, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(sample(images, affine()), images)


@pytest.mark.parametrize("size", [(12, 6), (5, 7)])
def test_against_torchs_affine_grid(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(1)
    images, theta = torch.randn(2, 3, *size, generator=generator), torch.randn(2, 2, 3, generator=generator)
    grid = F.affine_grid(theta, [2, 3, *size], align_corners=False)
    expected = F.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    torch.testing.assert_close(sample(images, theta), expected)


def test_a_shift_by_whole_pixels_moves_them_and_shows_nothing_beyond() -> None:
    """Two of eight columns to the right: x from -1 to 1, so a column is a quarter."""
    images = torch.randn(1, 3, 4, 8, generator=torch.Generator().manual_seed(2))
    moved = sample(images, affine(x=0.5))
    torch.testing.assert_close(moved[..., :6], images[..., 2:])
    assert not moved[..., 6:].any()


def test_at_first_it_sees_the_middle_of_the_box() -> None:
    net = PAN(Config(zoom=0.8), image_width=6)
    theta = net.theta(torch.randn(3, 8, 6), (4, 2))
    torch.testing.assert_close(theta, affine(0.8).expand(3, 2, 3))


def boxes(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes [N, 3, 32, 16] of a person who stands off the middle, as they should be, and how far off."""
    generator = torch.Generator().manual_seed(seed)
    off = 0.5 * (2 * torch.rand(count, 2, generator=generator) - 1)
    person = torch.zeros(count, 3, 32, 16)
    person[:, 0, 8:16, 5:11] = 1
    person[:, 2, 16:24, 5:11] = 1
    theta = torch.eye(2, 3).repeat(count, 1, 1)
    theta[:, :, 2] = -off
    return sample(person, theta), person, off


def test_people_who_stand_off_the_middle_are_brought_there() -> None:
    """Learned from boxes alone and a crop as it should be; measured on boxes that it has not seen."""
    torch.manual_seed(0)
    net = PAN(Config(width=16, zoom=1.0, speed=1.0), image_width=3)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)

    def recrop(images: Tensor) -> tuple[Tensor, Tensor]:
        tokens = F.avg_pool2d(images, 4).flatten(2).transpose(1, 2)
        return net.recrop(images, tokens, (8, 4)), net.theta(tokens, (8, 4))

    for step in range(300):
        images, person, _ = boxes(32, step)
        optimizer.zero_grad()
        F.mse_loss(recrop(images)[0], person).backward()
        optimizer.step()
    images, person, off = boxes(64, 1000)
    with torch.no_grad():
        crops, theta = recrop(images)
    assert F.mse_loss(crops, person) < 0.3 * F.mse_loss(images, person)
    for axis in range(2):
        assert torch.corrcoef(torch.stack([theta[:, axis, 2], off[:, axis]]))[0, 1] > 0.95
