"""What the joint model computes, and that transformers leaves its initial weights alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import timm
import torch
from transformers import BertModel

from tests.helpers.small_models import CAPTIONS, joint_model
from textreid.models.config import JointConfig
from textreid.models.joint import JointModel
from textreid.models.processor import JointProcessor


@pytest.fixture(scope="module")
def small() -> tuple[JointModel, JointProcessor]:
    return joint_model()


@pytest.fixture(autouse=True)
def _no_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def test_image_features_pool_the_grid_by_mean_and_maximum(small: tuple[JointModel, JointProcessor]) -> None:
    model, _ = small
    pixels = torch.randn(2, 3, 64, 32)
    output = model.get_image_features(pixels)
    grid = model.image_tower(pixels).numpy()
    for row, features in zip(grid, output.pooler_output.numpy(), strict=True):
        pooled = [channel.mean() for channel in row] + [channel.max() for channel in row]
        expected = model.image_projection.weight.numpy() @ np.array(pooled)
        np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
    assert output.last_hidden_state.shape == (2, grid.shape[2] * grid.shape[3], grid.shape[1])


def test_text_features_pool_real_tokens_by_mean_and_maximum(small: tuple[JointModel, JointProcessor]) -> None:
    model, processor = small
    batch = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
    features = model.get_text_features(**batch).pooler_output.numpy()
    for caption, row in zip(CAPTIONS, features, strict=True):
        alone = processor.tokenizer(caption, return_tensors="pt")
        tokens = model.text_tower(**alone).last_hidden_state[0].numpy()
        pooled = np.concatenate([tokens.mean(0), tokens.max(0)])
        np.testing.assert_allclose(row, model.text_projection.weight.numpy() @ pooled, rtol=1e-4, atol=1e-5)


def test_padding_changes_nothing(small: tuple[JointModel, JointProcessor]) -> None:
    model, processor = small
    short = processor.tokenizer(CAPTIONS[:1], return_tensors="pt")
    padded = processor.tokenizer(CAPTIONS[:1], padding="max_length", max_length=40, return_tensors="pt")
    other = {**padded, "input_ids": padded["input_ids"].masked_fill(padded["attention_mask"] == 0, 7)}
    expected = model.get_text_features(**short).pooler_output
    for inputs in (padded, other):
        torch.testing.assert_close(model.get_text_features(**inputs).pooler_output, expected)


def test_forward_gives_cosines(small: tuple[JointModel, JointProcessor]) -> None:
    model, processor = small
    pixels = torch.randn(3, 3, 64, 32)
    tokens = processor.tokenizer(CAPTIONS[:2], padding=True, return_tensors="pt")
    output = model(pixel_values=pixels, **tokens)
    image, text = output.image_embeds, output.text_embeds
    assert (image.shape, text.shape) == ((3, 24), (2, 24))
    torch.testing.assert_close(image.norm(dim=1), torch.ones(3))
    expected = torch.nn.functional.cosine_similarity(text[:, None], image[None], dim=2)
    torch.testing.assert_close(output.logits_per_text, expected)
    torch.testing.assert_close(output.logits_per_image, expected.T)


def test_text_tower_in_half_precision_pools_in_full(small: tuple[JointModel, JointProcessor]) -> None:
    model, processor = small
    tokens = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
    expected = model.get_text_features(**tokens).pooler_output
    with torch.autocast("cpu", torch.bfloat16):
        half = model.get_text_features(**tokens).pooler_output
    assert torch.nn.functional.cosine_similarity(half.float(), expected).min() > 0.999


def test_towers_keep_the_weights_that_they_draw_themselves() -> None:
    """transformers draws every weight of a PreTrainedModel anew unless told not to."""
    config = joint_model()[0].config
    torch.manual_seed(3)
    alone = timm.create_model("test_efficientnet", num_classes=0, global_pool="").state_dict()
    torch.manual_seed(3)
    within = JointModel(config).image_tower.state_dict()
    assert alone.keys() == within.keys()
    assert all(torch.equal(alone[name], within[name]) for name in alone)


def test_new_projections_keep_the_scale_of_what_they_project() -> None:
    small_bert = {"hidden_size": 64, "num_attention_heads": 2, "num_hidden_layers": 1, "vocab_size": 50}
    model = JointModel(JointConfig("test_efficientnet", (64, 32), small_bert, projection_dim=256))
    for projection in (model.image_projection, model.text_projection):
        assert projection.weight.std().item() == pytest.approx(projection.in_features**-0.5, rel=0.05)


def test_text_tower_is_bert_without_its_pooler(small: tuple[JointModel, JointProcessor]) -> None:
    tower = small[0].text_tower
    assert isinstance(tower, BertModel)
    assert tower.pooler is None
