"""Image–text matching: whom it takes for wrong partners, and its value against a loop."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.helpers.batches import batch_of, encoded, random_pairs
from textreid.errors import InputError
from textreid.losses import Sizes
from textreid.losses.matching import Config, ImageTextMatching
from textreid.types import Encoded


def matching(**options: float) -> ImageTextMatching:
    return ImageTextMatching(Config(**options), Sizes(8, 8))


def with_table(pairs: Encoded, table: Tensor) -> tuple[Encoded, list[tuple[int, int]]]:
    """Matched by a table [images, sentences] of logits; and the list of the pairs it is asked for."""
    asked: list[tuple[int, int]] = []

    def match(images: Tensor, sentences: Tensor) -> Tensor:
        asked.extend(zip(images.tolist(), sentences.tolist(), strict=True))
        return table[images, sentences]

    return replace(pairs, score_pairs=match), asked


@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 0, 1]])
@pytest.mark.parametrize("temperature", [0.0, 0.07])
def test_every_pair_brings_its_sentence_and_its_image_with_somebody_else(
    labels: list[int], temperature: float
) -> None:
    pairs, asked = with_table(random_pairs(6), torch.zeros(6, 6))
    matching(temperature=temperature)(pairs, batch_of(labels))
    right, wrong_images, wrong_sentences = asked[:6], asked[6:12], asked[12:]
    assert right == [(n, n) for n in range(6)]
    assert [sentence for _, sentence in wrong_images] == list(range(6))
    assert [image for image, _ in wrong_sentences] == list(range(6))
    assert all(labels[image] != labels[sentence] for image, sentence in wrong_images + wrong_sentences)


def test_hardest_are_the_most_similar_of_somebody_else() -> None:
    labels = [0, 0, 1, 1, 2, 2, 3]
    pairs, asked = with_table(random_pairs(7, seed=3), torch.zeros(7, 7))
    matching(temperature=0)(pairs, batch_of(labels))
    assert pairs.text is not None
    image, text = pairs.image.pooled.detach(), pairs.text.pooled.detach()
    for n in range(7):
        others = [m for m in range(7) if labels[m] != labels[n]]
        assert asked[7 + n] == (max(others, key=lambda m: cosine(image[m], text[n])), n)
        assert asked[14 + n] == (n, max(others, key=lambda m: cosine(image[n], text[m])))


def cosine(a: Tensor, b: Tensor) -> float:
    return float(a @ b) / math.hypot(*a.tolist()) / math.hypot(*b.tolist())


def test_others_are_drawn_as_often_as_the_softmax_says() -> None:
    torch.manual_seed(0)
    pairs, asked = with_table(random_pairs(4), torch.zeros(4, 4))
    loss, batch, draws = matching(temperature=0.5), batch_of([0, 1, 2, 3]), 3000
    for _ in range(draws):
        loss(pairs, batch)
    assert pairs.text is not None
    image, text = pairs.image.pooled.detach(), pairs.text.pooled.detach()
    drawn = Counter(asked[first + 4][0] for first in range(0, len(asked), 12))  # for the first sentence
    exponentials = {n: math.exp(cosine(image[n], text[0]) / 0.5) for n in (1, 2, 3)}
    for n, exponential in exponentials.items():
        assert drawn[n] / draws == pytest.approx(exponential / sum(exponentials.values()), abs=0.03)


def test_same_seed_draws_the_same() -> None:
    def draw() -> list[tuple[int, int]]:
        torch.manual_seed(7)
        pairs, asked = with_table(random_pairs(8), torch.zeros(8, 8))
        matching()(pairs, batch_of(range(8)))
        return asked

    assert draw() == draw()


@pytest.mark.parametrize("trust", [[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.5, 0.25]])
def test_against_a_loop(trust: Sequence[float]) -> None:
    table = torch.randn(4, 4, generator=torch.Generator().manual_seed(5))
    pairs, asked = with_table(random_pairs(4), table)
    value = matching()(pairs, replace(batch_of([0, 1, 1, 2]), trust=torch.tensor(trust)))
    total = weight = 0.0
    for place, (image, sentence) in enumerate(asked):
        probability = 1 / (1 + math.exp(-table[image, sentence].item()))
        believed = trust[sentence] if place < 4 else 1.0
        total -= believed * math.log(probability if place < 4 else 1 - probability)
        weight += believed
    assert value.item() == pytest.approx(total / weight, rel=1e-5)


def test_knowing_nothing_costs_ln_2() -> None:
    pairs, _ = with_table(random_pairs(5), torch.zeros(5, 5))
    assert matching()(pairs, batch_of(range(5))).item() == pytest.approx(math.log(2))


def test_one_person_has_no_wrong_partners() -> None:
    pairs, asked = with_table(random_pairs(3), torch.zeros(3, 3))
    assert matching()(pairs, batch_of([4, 4, 4])).isfinite()
    assert asked == [(0, 0), (1, 1), (2, 2)]


def test_images_without_a_sentence_are_wrong_partners_only() -> None:
    pairs = random_pairs(4)
    assert pairs.text is not None
    two = encoded(pairs.image.pooled, pairs.text.pooled[:2])
    two, asked = with_table(two, torch.zeros(4, 2))
    for _ in range(50):
        matching(temperature=10)(two, batch_of([0, 1, 2, -1], described=[1, 2]))
    assert {pair for start in range(0, len(asked), 6) for pair in asked[start : start + 2]} == {
        (1, 0),
        (2, 1),
    }
    assert {image for image, sentence in asked if sentence == 0} == {0, 1, 2, 3}
    assert {sentence for image, sentence in asked if image in (0, 3)} == {0, 1}


def test_without_sentences_there_is_nothing_to_learn() -> None:
    images = encoded(torch.randn(3, 8, requires_grad=True))
    value = matching()(images, batch_of([0, 1, 2], described=[]))
    value.backward()
    assert value.item() == 0


def test_model_without_a_matcher_is_told_what_to_add() -> None:
    with pytest.raises(InputError, match=r"\[model\.matcher\]"):
        matching()(random_pairs(4), batch_of(range(4)))


def test_temperature_below_zero_is_refused() -> None:
    with pytest.raises(InputError, match="temperature"):
        Config(temperature=-0.1)
