"""Alignment of phrases with patches against loops and a worked example."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.helpers.batches import SIZES, full_batch
from textreid.losses.alignment import Alignment, Config
from textreid.types import Encoded

LABELS = [0, 0, 1, 1, 2, -1]


def alignment(phrases: str, view: str = "stripes", temperature: float = 0.2) -> Alignment:
    torch.manual_seed(0)
    return Alignment(Config(temperature=temperature, phrases=phrases), SIZES[view])


def score_by_loop(loss: Alignment, encoded: Encoded, sentence: int, image: int) -> float:
    patches = (encoded.image.tokens[image] @ loss.patches.weight.T).tolist()
    if loss.config.phrases == "words":
        words = encoded.text.tokens[sentence] @ loss.words.weight.T
        phrases = words[encoded.text.mask[sentence]].tolist()
    else:
        phrases = encoded.text.parts[sentence].tolist()
    return sum(max(cosine(phrase, patch) for patch in patches) for phrase in phrases) / len(phrases)


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


@pytest.mark.parametrize("phrases", ["parts", "words"])
def test_scores_and_loss_against_loops(phrases: str) -> None:
    pairs, batch = full_batch(LABELS, described=[3, 0, 1, 5])
    encoded, loss = pairs.view("stripes"), alignment(phrases)
    scores = [[score_by_loop(loss, encoded, t, b) for b in range(6)] for t in range(4)]
    torch.testing.assert_close(loss.scores(encoded.image, encoded.text), torch.tensor(scores))

    written_for = batch.text_rows.tolist()
    trust = batch.trust.tolist()

    def together(t: int, b: int) -> bool:
        return written_for[t] == b or (LABELS[b] >= 0 and LABELS[written_for[t]] == LABELS[b])

    def cross_entropy(row: list[float], same: list[bool]) -> float:
        whole = sum(math.exp(score / 0.2) for score in row)
        costs = [
            -math.log(math.exp(s / 0.2) / whole) for s, is_same in zip(row, same, strict=True) if is_same
        ]
        return sum(costs) / len(costs)

    sentences = [cross_entropy(scores[t], [together(t, b) for b in range(6)]) for t in range(4)]
    asked = [b for b in range(6) if any(together(t, b) for t in range(4))]
    images = [cross_entropy([row[b] for row in scores], [together(t, b) for t in range(4)]) for b in asked]
    own = {b: [trust[t] for t in range(4) if written_for[t] == b] for b in asked}
    weights = [sum(own[b]) / len(own[b]) if own[b] else 1.0 for b in asked]
    expected = (mean(sentences, trust) + mean(images, weights)) / 2
    assert loss(encoded, batch).item() == pytest.approx(expected, rel=1e-5)


def mean(values: list[float], weights: list[float]) -> float:
    return sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)


def test_each_phrase_picks_its_best_patch_wherever_it_lies() -> None:
    """Two phrases along two axes; the patches of the image hold one of them exactly, the other at 60°."""
    loss = alignment("parts")
    with torch.no_grad():
        loss.patches.weight.copy_(torch.eye(4, 6))
    pairs, _ = full_batch([0])
    patches = torch.zeros(1, 8, 6)
    patches[0, 5, 0], patches[0, 2, 1], patches[0, 2, 2] = 7.0, 0.5, math.sqrt(0.75)
    patches[0, :2, 3] = patches[0, 3:5, 3] = patches[0, 6:, 3] = 1.0
    image = replace(pairs.image, tokens=patches)
    text = replace(pairs.text, views={"two": 3 * torch.eye(4)[None, :2]}).view("two")
    assert loss.scores(image, text).item() == pytest.approx((1 + 0.5) / 2)
    moved = replace(image, tokens=patches.flip(1))
    assert loss.scores(moved, text).item() == pytest.approx((1 + 0.5) / 2)


def test_padding_is_no_word() -> None:
    pairs, _ = full_batch(LABELS)
    loss = alignment("words", "global")
    padded = replace(pairs.text, tokens=with_noise(pairs.text.tokens, ~pairs.text.mask))
    torch.testing.assert_close(loss.scores(pairs.image, padded), loss.scores(pairs.image, pairs.text))


def with_noise(tokens: Tensor, where: Tensor) -> Tensor:
    return torch.where(where[..., None], 100 * torch.randn_like(tokens), tokens)


def test_minimising_it_finds_the_patches_that_belong_to_the_phrases() -> None:
    pairs, batch = full_batch([0, 1, 2, 3])
    encoded, loss = pairs.view("stripes"), alignment("parts", temperature=0.05)
    optimizer = torch.optim.Adam(
        [pairs.image.tokens, pairs.text.views["stripes"], *loss.parameters()], lr=0.05
    )
    for _ in range(150):
        encoded = pairs.view("stripes")
        optimizer.zero_grad()
        loss(encoded, batch).backward()
        optimizer.step()
    scores = loss.scores(encoded.image, encoded.text)
    assert (scores.argmax(dim=1) == torch.arange(4)).all()
    assert (scores.argmax(dim=0) == torch.arange(4)).all()
