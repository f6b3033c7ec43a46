"""The matching gate: equal stripes count twice, others stay; the logit against a loop."""

from __future__ import annotations

import math

import pytest
import torch

from textreid.models.matchers.gated import Config, Gated


@pytest.fixture
def matcher() -> Gated:
    torch.manual_seed(0)
    return Gated(Config(width=3, summary=4), image_width=6).eval()


def test_equal_stripes_open_the_gate_and_others_close_it(matcher: Gated) -> None:
    """Of two images whose first stripe is equal, and whose second has nothing in common."""
    with torch.no_grad():
        matcher.summary[0].weight.copy_(torch.tensor([[5.0, 0, 0], [0, 5, 0], [0, 0, 5], [0, 0, 0]]))
    left = torch.ones(1, 3, 2, 4)
    right = left.clone()
    right[:, :, 1] = -5
    (first, second) = matcher.gates(left, right)[0].tolist()
    assert first == 1
    assert second < 1e-3


def test_a_gate_against_a_loop(matcher: Gated) -> None:
    random = torch.Generator().manual_seed(1)
    left, right = (torch.randn(1, 3, 2, 4, generator=random) for _ in range(2))
    with torch.no_grad():
        matcher.log_spread.fill_(math.log(0.7))
        found = matcher.gates(left, right)[0].tolist()
        for row in range(2):
            one, other = (matcher.summary(x[0, :, row].mean(dim=1)) for x in (left, right))
            squared = sum((a - b) ** 2 for a, b in zip(one.tolist(), other.tolist(), strict=True))
            assert found[row] == pytest.approx(math.exp(-squared / 0.7**2), rel=1e-5)


def test_the_logit_falls_with_the_distance_of_the_gated_maps(matcher: Gated) -> None:
    random = torch.Generator().manual_seed(2)
    left, right = (torch.randn(1, 3, 2, 4, generator=random) for _ in range(2))
    with torch.no_grad():
        gates = matcher.gates(left, right)[0].tolist()
        one, other = (
            [(1 + gates[row]) * value for row in range(2) for value in x[0, :, row].flatten().tolist()]
            for x in (left, right)
        )
        one, other = ([a / math.hypot(*x) for a in x] for x in (one, other))
        distance = sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
        expected = math.exp(2) * (1 - distance)
        assert matcher.score_pairs(left, right).item() == pytest.approx(expected, rel=1e-4)
        assert matcher.score_pairs(left, left).item() == pytest.approx(math.exp(2), rel=1e-5)
