"""Cross attention: its equations, word by word, and what it refuses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.special
import torch

from textreid.errors import InputError
from textreid.models.matchers.cross_attention import Config, CrossAttention


def test_scores_as_its_equations_say() -> None:
    """Word by word and head by head, in numpy."""
    torch.manual_seed(0)
    matcher = CrossAttention(Config(width=8, heads=2), image_width=5, other_width=7).eval()
    images, texts = torch.randn(2, 3, 4, 8), torch.randn(2, 6, 7)
    mask = torch.arange(6) < torch.tensor([6, 2])[:, None]
    with torch.inference_mode():
        scored = matcher.score_pairs(images, texts, mask)
        for n, k in itertools.product(range(2), range(3)):
            places, fits, importances = images[n, k].numpy(), [], []
            for word in matcher.text(texts[n, mask[n]]):
                found = []
                for d in (slice(0, 4), slice(4, 8)):
                    looks = matcher.key(images[n, k])[:, d].numpy() @ matcher.query(word)[d].numpy() / 2
                    found.append(scipy.special.softmax(looks) @ places[:, d])
                t, u = word.numpy(), np.concatenate(found)
                agreement = 8**0.5 * t * u / np.linalg.norm(t) / np.linalg.norm(u)
                judged = matcher.verdict(torch.from_numpy(np.concatenate([agreement, t - u])))
                fit, importance = judged.tolist()
                fits.append(fit)
                importances.append(importance)
            expected = 4 * scipy.special.softmax(importances) @ fits
            assert scored[n, k].item() == pytest.approx(expected, abs=1e-5)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(InputError, match="3 heads do not divide a width of 256"):
        Config(heads=3)


def test_one_that_counts_against_itself_is_refused() -> None:
    with pytest.raises(InputError, match=r"weight is -0\.1"):
        Config(weight=-0.1)
