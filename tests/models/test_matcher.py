"""The matcher: what pooled vectors cannot tell apart, padding, and its place in a model and its folder."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel

import textreid
from tests.helpers.batches import batch_of
from tests.helpers.small_models import CAPTIONS, joint_model, small_recipe
from textreid.errors import InputError, ModelError
from textreid.losses import Sizes
from textreid.losses.matching import Config, ImageTextMatching
from textreid.models.folder import load_whole, save_model
from textreid.models.matchers.cross_attention import Matcher, MatcherConfig
from textreid.models.pretrained.joint import start_model
from textreid.recipe import ModelRecipe
from textreid.types import Encoded, Features

OUTFITS = [(0, 1), (1, 0), (2, 3), (3, 2), (0, 2), (2, 0), (1, 3), (3, 1)]
"""Colours of shirt and trousers; each pair comes both ways round."""


def tokens_of(outfits: list[tuple[int, int]]) -> Tensor:
    """[N, 2, 6]: for shirt and trousers, which of four colours, and which garment."""
    rows = [[[*colour(a), 1.0, 0.0], [*colour(b), 0.0, 1.0]] for a, b in outfits]
    return torch.tensor(rows)


def colour(n: int) -> list[float]:
    return [float(n == m) for m in range(4)]


def test_tells_apart_what_pooled_vectors_confuse() -> None:
    """Whoever wears red over blue has, by mean and by maximum, the vector of blue over red."""
    torch.manual_seed(0)
    images = texts = tokens_of(OUTFITS)
    pooled = torch.cat([images.mean(1), images.amax(1)], dim=1)
    torch.testing.assert_close(pooled[0::2], pooled[1::2])
    matcher = Matcher(MatcherConfig(width=32, heads=2), image_width=6, text_width=6)
    mask = torch.ones(8, 2, dtype=torch.bool)
    loss = ImageTextMatching(Config(), Sizes(12, 8))
    pairs = Encoded(
        Features(pooled, tokens=images),
        Features(pooled, tokens=texts, mask=mask),
        match=lambda image, text: matcher(images[image], texts[text], mask[text]),
    )
    optimizer = torch.optim.Adam(matcher.parameters(), lr=3e-3)
    for _ in range(200):
        optimizer.zero_grad()
        loss(pairs, batch_of(range(8))).backward()
        optimizer.step()
    every = torch.cartesian_prod(torch.arange(8), torch.arange(8))
    matcher.eval()
    with torch.no_grad():
        logits = matcher(images[every[:, 0]], texts[every[:, 1]], mask[every[:, 1]]).view(8, 8)
    assert torch.equal(logits.argmax(1), torch.arange(8))
    assert torch.equal(logits > 0, torch.eye(8, dtype=torch.bool))


def test_judges_as_its_equations_say() -> None:
    """Word by word and head by head, in numpy."""
    torch.manual_seed(0)
    matcher = Matcher(MatcherConfig(width=8, heads=2), image_width=5, text_width=7).eval()
    images, texts = torch.randn(2, 3, 4, 8), torch.randn(2, 6, 7)
    mask = torch.arange(6) < torch.tensor([6, 2])[:, None]
    with torch.inference_mode():
        judged = matcher.judge(images, texts, mask)
        for n, k in itertools.product(range(2), range(3)):
            places, fits, says = images[n, k].numpy(), [], []
            for word in matcher.text(texts[n, mask[n]]):
                found = []
                for d in (slice(0, 4), slice(4, 8)):
                    looks = matcher.key(images[n, k])[:, d].numpy() @ matcher.query(word)[d].numpy() / 2
                    found.append(scipy.special.softmax(looks) @ places[:, d])
                t, u = word.numpy(), np.concatenate(found)
                alike = 8**0.5 * t * u / np.linalg.norm(t) / np.linalg.norm(u)
                fit, say = matcher.verdict(torch.from_numpy(np.concatenate([alike, t - u]))).tolist()
                fits.append(fit)
                says.append(say)
            assert judged[n, k].item() == pytest.approx(4 * scipy.special.softmax(says) @ fits, abs=1e-5)


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    matcher = Matcher(MatcherConfig(width=16), image_width=5, text_width=7)
    image, text = torch.randn(3, 4, 5), torch.randn(3, 6, 7)
    matcher.eval()
    mask = torch.arange(6) < torch.tensor([6, 2, 1])[:, None]
    together = matcher(image, text, mask)
    assert together.shape == (3,)
    for n, length in enumerate([6, 2, 1]):
        one = slice(n, n + 1)
        alone = matcher(image[one], text[one, :length], mask[one, :length])
        torch.testing.assert_close(alone, together[one])


def test_half_precision_gives_float32() -> None:
    matcher = Matcher(MatcherConfig(width=16), image_width=5, text_width=7)
    with torch.autocast("cpu", torch.bfloat16):
        logits = matcher(torch.randn(3, 4, 5), torch.randn(3, 6, 7), torch.ones(3, 6, dtype=torch.bool))
    assert logits.dtype == torch.float32


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(InputError, match="3 heads do not divide a width of 256"):
        MatcherConfig(heads=3)


def test_a_matcher_that_speaks_against_itself_is_refused() -> None:
    with pytest.raises(InputError, match=r"weight is -0\.1"):
        MatcherConfig(weight=-0.1)


def test_weight_was_called_say_in_older_folders(tmp_path: Path) -> None:
    folder = Path(textreid.__file__).parent / "weights/pocket"
    assert '"say": 0.01' in (folder / "config.json").read_text()
    config = AutoConfig.from_pretrained(folder)
    assert config.matcher == {"width": 256, "heads": 4, "weight": 0.01}
    config.save_pretrained(tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).matcher == config.matcher


def test_a_model_keeps_its_matcher(tmp_path: Path) -> None:
    recipe = small_recipe(projection_dim=8, text_width=64, vocabulary=120, matcher={"width": 16, "heads": 2})
    torch.manual_seed(0)
    model, processor = start_model(recipe, (64, 32), CAPTIONS)
    model.eval()
    save_model(model, processor, tmp_path)
    again = load_whole(AutoModel, tmp_path)
    words = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
    pixels = torch.randn(2, 3, 64, 32)
    rows = torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 2, 3])
    with torch.inference_mode():
        logits, loaded = (
            m.match(m.encode_image(pixels), m.encode_text(words["input_ids"], words["attention_mask"]), *rows)
            for m in (model, again)
        )
    torch.testing.assert_close(loaded, logits, rtol=0, atol=2e-3)  # weights are stored in half precision
    assert torch.cdist(logits[:, None], logits[:, None]).fill_diagonal_(1).min() > 0.01


def test_training_goes_on_with_the_matcher_if_the_recipe_asks_for_one(tmp_path: Path) -> None:
    recipe = small_recipe(matcher={"width": 16, "heads": 2})
    model, processor = start_model(recipe, (64, 32), CAPTIONS)
    save_model(model, processor, tmp_path)
    again, _ = start_model(ModelRecipe(init=str(tmp_path), matcher={}), (64, 32), CAPTIONS)
    weights = model.matcher.state_dict()
    for name, weight in again.matcher.state_dict().items():
        torch.testing.assert_close(weight, weights[name].half().float(), rtol=0, atol=0)
    without, _ = start_model(ModelRecipe(init=str(tmp_path)), (64, 32), CAPTIONS)
    assert without.matcher is None
    assert without.config.matcher is None


def test_a_model_without_one_says_so() -> None:
    model, _ = joint_model()
    features = Features(torch.zeros(1, 24))
    with pytest.raises(ModelError, match=r"\[model\.matcher\]"):
        model.match(features, features, torch.tensor([0]), torch.tensor([0]))
