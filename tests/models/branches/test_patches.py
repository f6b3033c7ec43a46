"""Slots against a loop, and how both modalities fill them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from textreid.models import branches
from textreid.models.branches.patches import Patches


def patches(count: int = 3) -> Patches:
    torch.manual_seed(0)
    branch = branches.create("patches", {"count": count, "dim": 4}, image_width=6, text_width=6)
    assert isinstance(branch, Patches)
    return branch


def tokens(n: int = 2, length: int = 8, seed: int = 1) -> Tensor:
    return torch.randn(n, length, 6, generator=torch.Generator().manual_seed(seed))


def test_against_a_loop() -> None:
    branch, words = patches(), tokens()
    mask = torch.arange(8) < torch.tensor([8, 5])[:, None]
    mapped = branch.text_map(words)
    expected = torch.zeros(2, 3, 4)
    for n in range(2):
        sums, totals = torch.zeros(3, 4), [0.0] * 3
        for word in mapped[n, mask[n]]:
            scores = [math.exp((slot @ word).item() / 2) for slot in branch.slots]  # √4 = 2
            for slot, score in enumerate(scores):
                sums[slot] += score / sum(scores) * word
                totals[slot] += score / sum(scores)
        expected[n] = sums / torch.tensor(totals)[:, None]
    torch.testing.assert_close(branch.text(words, mask), expected)


def test_slots_divide_the_tokens_between_them() -> None:
    """Each of three kinds of token ends in one slot, which holds nothing else."""
    branch = patches()
    kinds = torch.eye(4)[:3]
    branch.image_map = torch.nn.Identity()
    with torch.no_grad():
        branch.slots.copy_(50 * kinds)
    order = torch.tensor([[2, 0, 1, 1, 0, 2, 2, 2]])
    torch.testing.assert_close(branch.image(kinds[order], (4, 2))[0], kinds, atol=1e-6, rtol=0)


def test_what_is_alike_lands_in_the_same_slot_of_both_modalities() -> None:
    branch, same = patches(), tokens()
    branch.text_map.load_state_dict(branch.image_map.state_dict())
    everything = torch.ones(2, 8, dtype=torch.bool)
    torch.testing.assert_close(branch.text(same, everything), branch.image(same, (4, 2)))


def test_places_do_not_matter() -> None:
    branch, grid = patches(), tokens()
    order = torch.randperm(8, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(branch.image(grid[:, order], (4, 2)), branch.image(grid, (4, 2)))
