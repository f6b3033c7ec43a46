"""Masked language modelling: the uniform guess, hidden places alone, padding, and whether it looks at all."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.helpers.batches import batch_of, encoded
from textreid.errors import InputError
from textreid.losses import Sizes
from textreid.losses.mlm import Config, MaskedLanguageModelling
from textreid.types import Batch, Encoded, Features

WORDS = 50
SIZES = Sizes(8, 8, image_width=6, text_width=10, vocabulary=WORDS)


def mlm(seed: int = 0) -> MaskedLanguageModelling:
    torch.manual_seed(seed)
    return MaskedLanguageModelling(Config(layers=2, width=16, heads=2), SIZES)


def described(targets: Tensor, lengths: list[int], seed: int = 0) -> tuple[Encoded, Batch]:
    """T pairs of 4 image tokens and up to L sentence tokens, drawn; `targets` [T, L]."""
    generator = torch.Generator().manual_seed(seed)
    n, longest = targets.shape
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    image = Features(torch.zeros(n, 8), tokens=torch.randn(n, 4, 6, generator=generator).requires_grad_())
    words = torch.randn(n, longest, 10, generator=generator).requires_grad_()
    masked = Features(torch.zeros(n, 8), tokens=words, mask=mask)
    batch = replace(batch_of(range(n)), masked_ids=torch.zeros_like(targets), masked_targets=targets)
    return Encoded(image, Features(torch.zeros(n, 8)), masked), batch


TARGETS = torch.tensor([[-100, 7, -100, 3], [-100, -100, 9, -100], [11, -100, -100, -100]])


def test_uniform_guess_costs_ln_v() -> None:
    loss = mlm()
    for parameter in loss.vocabulary.parameters():
        torch.nn.init.zeros_(parameter)
    assert loss(*described(TARGETS, [4, 3, 2])).item() == pytest.approx(math.log(WORDS))


def test_padding_and_company_do_not_matter() -> None:
    """A batch costs the mean, over its hidden words, of what each sentence costs alone and unpadded."""
    loss, lengths = mlm(), [4, 3, 2]
    together, batch = described(TARGETS, lengths)
    assert together.masked is not None
    total = 0.0
    for n, length in enumerate(lengths):
        alone, one = described(TARGETS[n : n + 1, :length], [length])
        image = replace(alone.image, tokens=together.image.tokens[n : n + 1])
        masked = replace(alone.masked, tokens=together.masked.tokens[n : n + 1, :length])
        hidden = int((TARGETS[n] >= 0).sum())
        total += hidden * loss(replace(alone, image=image, masked=masked), one).item()
    assert loss(together, batch).item() == pytest.approx(total / 4, rel=1e-5)


def test_sentence_looks_at_its_own_image() -> None:
    """Sentences out of the order of their images, as `text_rows` says."""
    loss = mlm()
    pairs, batch = described(TARGETS, [4, 3, 2])
    order = torch.tensor([2, 0, 1])
    images = replace(pairs.image, tokens=pairs.image.tokens[order])
    moved = replace(batch, text_rows=order.argsort())
    torch.testing.assert_close(loss(replace(pairs, image=images), moved), loss(pairs, batch))


def test_both_towers_and_every_weight_learn() -> None:
    loss = mlm()
    pairs, batch = described(TARGETS, [4, 3, 2])
    loss(pairs, batch).backward()
    assert pairs.masked is not None
    for tensor in (pairs.image.tokens, pairs.masked.tokens, *loss.parameters()):
        assert tensor.grad is not None
        assert tensor.grad.isfinite().all()
    assert pairs.image.tokens.grad.abs().sum() > 0
    assert pairs.masked.tokens.grad[0].abs().sum() > 0
    assert pairs.masked.tokens.grad[2, 2:].abs().sum() == 0  # padding


def test_word_that_only_the_image_tells_is_learned_from_the_image() -> None:
    """One sentence for all, "a man in a [MASK] coat"; the hidden colour stands in the image alone."""
    loss, n = mlm(), 6
    targets = torch.full((n, 5), -100)
    targets[:, 3] = torch.arange(n)
    pairs, batch = described(targets, [5] * n)
    assert pairs.masked is not None
    sentence = pairs.masked.tokens[:1].detach().expand(n, -1, -1)
    pairs = replace(pairs, masked=replace(pairs.masked, tokens=sentence))
    assert loss(pairs, batch).item() > math.log(n) - 0.1
    optimizer = torch.optim.Adam(loss.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        value = loss(pairs, batch)
        value.backward()
        optimizer.step()
    assert value.item() < 0.05
    others = replace(pairs.image, tokens=pairs.image.tokens.roll(1, dims=0))
    assert loss(replace(pairs, image=others), batch).item() > math.log(n)


def test_batch_without_hidden_words_is_a_zero_that_reaches_every_weight() -> None:
    loss = mlm()
    value = loss(*described(torch.full((2, 3), -100), [3, 2]))
    value.backward()
    assert value.item() == 0
    assert all(parameter.grad is not None and not parameter.grad.any() for parameter in loss.parameters())


def test_without_sentences_there_is_nothing_to_learn() -> None:
    value = mlm()(encoded(torch.randn(3, 8, requires_grad=True)), batch_of([0, 1, 2], described=[]))
    value.backward()
    assert value.item() == 0


def test_training_that_hides_no_words_is_told_how() -> None:
    pairs, batch = described(TARGETS, [4, 3, 2])
    with pytest.raises(InputError, match=r"predict = 0\.15"):
        mlm()(replace(pairs, masked=None), batch)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(InputError, match="heads"):
        Config(width=100, heads=8)


def test_model_that_reads_no_text_is_refused() -> None:
    with pytest.raises(InputError, match="reads none"):
        MaskedLanguageModelling(Config(), Sizes(8, 8, image_width=6))
