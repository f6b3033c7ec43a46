"""The matcher's place in a model, in its folder and in those of older versions."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModel

import textreid
from tests.helpers.batches import batch_of
from tests.helpers.small_models import CAPTIONS, joint_model, small_recipe
from textreid.errors import ModelError
from textreid.losses import Sizes
from textreid.losses.matching import Config, ImageTextMatching
from textreid.models.folder import load_whole, save_model
from textreid.models.pretrained.joint import start_model
from textreid.recipe import ModelRecipe
from textreid.types import Encoded, Features


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
            m.score_pairs(
                m.encode_image(pixels), m.encode_text(words["input_ids"], words["attention_mask"]), *rows
            )
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
        model.score_pairs(features, features, torch.tensor([0]), torch.tensor([0]))


def test_the_loss_reaches_every_weight_of_the_matcher() -> None:
    """`matching` draws wrong partners and asks the model for its logits."""
    recipe = small_recipe(projection_dim=8, text_width=64, vocabulary=120, matcher={"width": 16, "heads": 2})
    torch.manual_seed(0)
    model, processor = start_model(recipe, (64, 32), CAPTIONS)
    words = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
    n = len(CAPTIONS)
    image = model.encode_image(torch.randn(n, 3, 64, 32))
    text = model.encode_text(words["input_ids"], words["attention_mask"])
    pairs = Encoded(image, text, score_pairs=partial(model.score_pairs, image, text))
    ImageTextMatching(Config(), Sizes(8, n))(pairs, batch_of(range(n))).backward()
    assert all(weight.grad is not None for weight in model.matcher.parameters())
