"""Token selection against a loop over images, sentences and tokens."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from textreid.errors import InputError
from textreid.models.branches import create
from textreid.models.branches.selection import Selection


def selection(**options: object) -> Selection:
    torch.manual_seed(0)
    branch = create("selection", {"dim": 10, **options}, image_width=6, text_width=5)
    assert isinstance(branch, Selection)
    with torch.no_grad():  # batch statistics that are not those of a fresh layer
        for module in branch.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.uniform_(-0.2, 0.2)
                module.running_var.uniform_(0.5, 2)
    return branch.eval()


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def by_loop(embedding: nn.Module, tokens: Tensor, allowed: list[int], saliency: Tensor, count: int) -> Tensor:
    """[D'] of one image or sentence: the best `count` of the allowed tokens, one after the other."""
    best = sorted(allowed, key=lambda place: -saliency[place].item())[:count]
    vectors = []
    for place in best:
        unit = tokens[place] / tokens[place].square().sum().sqrt()
        first, norm, _, last = embedding.perceptron
        hidden = first.weight @ unit + first.bias
        hidden = (hidden - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
        hidden = (hidden * norm.weight + norm.bias).clamp(min=0)
        linear = embedding.linear.weight @ unit + embedding.linear.bias
        vectors.append(linear + last.weight @ hidden + last.bias)
    return torch.stack(vectors).amax(dim=0)


@pytest.mark.parametrize("ratio", [0.05, 0.3, 1.0])
def test_images_against_a_loop(ratio: float) -> None:
    branch, tokens, saliency = selection(ratio=ratio), drawn(4, 12, 6), drawn(4, 12, seed=1)
    vectors = branch.image(tokens, (4, 3), saliency)
    count = {0.05: 1, 0.3: 3, 1.0: 12}[ratio]
    assert vectors.shape == (4, 1, 10)
    for n in range(4):
        expected = by_loop(branch.image_embedding, tokens[n], list(range(12)), saliency[n], count)
        torch.testing.assert_close(vectors[n, 0], expected, rtol=1e-4, atol=1e-5)


LENGTHS = [9, 4, 3, 2, 1]
INNER = [[1, 2, 3, 4, 5, 6, 7], [1, 2], [1], [0, 1], [0]]


@pytest.mark.parametrize("words", [1, 3, 22])
def test_sentences_against_a_loop(words: int) -> None:
    """Padding and both ends are the most salient here, and are left out all the same."""
    branch, tokens, saliency = selection(words=words), drawn(5, 9, 5), drawn(5, 9, seed=1)
    mask = torch.arange(9) < torch.tensor(LENGTHS)[:, None]
    saliency = torch.where(mask, saliency, 9.0)
    saliency[:, 0] = 9.0
    vectors = branch.text(tokens, mask, saliency)
    for n in range(5):
        expected = by_loop(branch.text_embedding, tokens[n], INNER[n], saliency[n], words)
        torch.testing.assert_close(vectors[n, 0], expected, rtol=1e-4, atol=1e-5)


def test_without_attention_tokens_are_ranked_by_their_product_with_the_maximum() -> None:
    branch, tokens = selection(words=2), drawn(3, 7, 5)
    mask = torch.arange(7) < torch.tensor([7, 6, 4])[:, None]
    vectors = branch.text(tokens, mask)
    for n, length in enumerate([7, 6, 4]):
        inner = list(range(1, length - 1))
        pooled = torch.tensor([max(tokens[n, place, c].item() for place in inner) for c in range(5)])
        saliency = tokens[n] @ pooled
        expected = by_loop(branch.text_embedding, tokens[n], inner, saliency, 2)
        torch.testing.assert_close(vectors[n, 0], expected, rtol=1e-4, atol=1e-5)


def test_padding_further_changes_nothing() -> None:
    branch, tokens, mask = selection(words=3), drawn(2, 6, 5), torch.ones(2, 6, dtype=torch.int64)
    padded = torch.cat([tokens, 100 * torch.ones(2, 4, 5)], dim=1)
    longer = torch.cat([mask, torch.zeros(2, 4, dtype=torch.int64)], dim=1)
    torch.testing.assert_close(branch.text(padded, longer), branch.text(tokens, mask))


def test_only_selected_tokens_learn() -> None:
    branch, tokens = selection(ratio=0.25).train(), drawn(3, 8, 6).requires_grad_()
    saliency = torch.arange(8.0).expand(3, 8)
    branch.image(tokens, (4, 2), saliency).square().sum().backward()
    assert tokens.grad is not None
    learned = tokens.grad.abs().sum(dim=2) > 0
    assert learned.tolist() == [[False] * 6 + [True] * 2] * 3


def test_model_of_images_alone_has_no_embedding_for_words() -> None:
    assert not create("selection", {}, image_width=6, text_width=None).describes


@pytest.mark.parametrize("options", [{"ratio": 0.0}, {"ratio": 1.5}, {"words": 0}, {"dim": 0}])
def test_option_out_of_range_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match="selection"):
        create("selection", options, image_width=6, text_width=5)


def test_one_word_alone_can_be_learned_from() -> None:
    """A sentence of one word by itself: what there is to normalise by are the statistics so far."""
    branch = create("selection", {"dim": 8}, image_width=6, text_width=6).train()
    tokens, mask = torch.randn(1, 3, 6), torch.ones(1, 3, dtype=torch.bool)
    learning = branch.text(tokens, mask)
    learning.sum().backward()
    assert branch.text_embedding.perceptron[0].weight.grad.abs().sum() > 0
    assert torch.equal(learning, branch.eval().text(tokens, mask))
