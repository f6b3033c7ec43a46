"""The word-by-word affinity against a hand case, a loop over words, and what a gate does."""

from __future__ import annotations

import math

import pytest
import torch

from textreid.models.matchers.gna_rnn import GNARNN, Config


def matcher(units: int = 5) -> GNARNN:
    torch.manual_seed(0)
    return GNARNN(Config(units=units, hidden=4, width=6), image_width=3, other_width=2).eval()


def test_with_one_unit_the_gates_alone_speak() -> None:
    """Three words whose gates are a half, of an image whose strongest response is 2: 3 · ½ · 2 + b."""
    net = matcher(units=1)
    with torch.no_grad():
        net.gate.weight.zero_()
        net.gate.bias.zero_()
        net.bias.fill_(0.25)
        logit = net.score_pairs(torch.tensor([[[[2.0], [-1.0]]]]), torch.randn(1, 3, 2))
    assert logit.item() == pytest.approx(3.25)


def test_against_a_loop_over_words_and_units() -> None:
    net, images, words = matcher(), torch.randn(1, 2, 4, 5), torch.randn(1, 3, 2)
    with torch.no_grad():
        found = net.score_pairs(images, words)
        state = None
        expected = [net.bias.item()] * 2
        for t in range(3):
            out, state = net.words(words[:, t : t + 1], state)
            scores = net.attention(out[0, 0]).tolist()
            gate = 1 / (1 + math.exp(-net.gate(out[0, 0]).item()))
            total = sum(map(math.exp, scores))
            for image in range(2):
                units = [max(place[n] for place in images[0, image].tolist()) for n in range(5)]
                expected[image] += gate * sum(
                    math.exp(score) / total * unit for score, unit in zip(scores, units, strict=True)
                )
    assert found[0].tolist() == pytest.approx(expected, rel=1e-5)


def test_a_closed_gate_silences_a_word() -> None:
    net, images, words = matcher(), torch.randn(1, 1, 4, 5), torch.randn(1, 2, 2)
    with torch.no_grad():
        net.gate.bias.fill_(-100.0)
        assert net.score_pairs(images, words).item() == pytest.approx(net.bias.item())


def test_words_are_read_in_order() -> None:
    """The state at a word knows those before it."""
    net, images, words = matcher(), torch.randn(1, 1, 4, 5), torch.randn(1, 3, 2)
    with torch.no_grad():
        assert not torch.allclose(net.score_pairs(images, words), net.score_pairs(images, words.flip(1)))
