"""A model with a batch-normalised neck: distances are learned before it, classes and searches behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from textreid.models import JointModel, JointProcessor
from textreid.models.folder import load_whole, save_model
from textreid.models.neck import Neck
from textreid.models.pretrained.joint import start_model
from textreid.recipe import ModelRecipe

CAPTIONS = ["a man in a red coat", "a woman with a black backpack", "somebody in blue jeans"]
RECIPE = ModelRecipe(
    init="scratch",
    image_backbone="test_efficientnet.r160_in1k",
    projection_dim=16,
    text_layers=1,
    text_width=32,
    vocabulary=100,
    global_weight=0.0,
    neck_weight=1.0,
)


@pytest.fixture
def model() -> tuple[JointModel, JointProcessor]:
    torch.manual_seed(0)
    model, processor = start_model(RECIPE, (64, 32), CAPTIONS)
    model.train()
    for _ in range(3):  # batch statistics to normalise by
        model.encode_image(3 + torch.randn(8, 3, 64, 32))
        tokens = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
        model.encode_text(tokens["input_ids"], tokens["attention_mask"])
    return model.eval(), processor


@torch.inference_mode()
def test_search_vectors_are_the_normalised_ones(model: tuple[JointModel, JointProcessor]) -> None:
    joint, _ = model
    pixels = torch.randn(5, 3, 64, 32)
    pooled, neck = joint.encode_image(pixels).pooled, joint.image_neck
    behind = (pooled - neck.running_mean) / (neck.running_var + neck.eps).sqrt() * neck.weight
    found = joint.get_image_features(pixels).pooler_output
    torch.testing.assert_close(found, F.normalize(behind, dim=1), atol=1e-6, rtol=1e-5)
    assert not torch.allclose(found, F.normalize(pooled, dim=1), atol=0.1)


@torch.inference_mode()
def test_sentences_have_a_neck_of_their_own(model: tuple[JointModel, JointProcessor]) -> None:
    joint, processor = model
    tokens = processor.tokenizer(CAPTIONS, padding=True, return_tensors="pt")
    features = joint.encode_text(tokens["input_ids"], tokens["attention_mask"])
    assert features.view("neck").pooled.shape == (3, 16)
    assert joint.text_neck.running_mean.abs().sum() > 0
    assert not torch.equal(joint.text_neck.running_mean, joint.image_neck.running_mean)


@torch.inference_mode()
def test_the_neck_ships_with_the_model(model: tuple[JointModel, JointProcessor], tmp_path: Path) -> None:
    joint, processor = model
    save_model(joint, processor, tmp_path / "model")
    loaded = load_whole(JointModel, tmp_path / "model")
    pixels = torch.randn(4, 3, 64, 32)
    cosine = F.cosine_similarity(
        loaded.get_image_features(pixels).pooler_output, joint.get_image_features(pixels).pooler_output
    )
    assert cosine.min() > 0.999


def test_one_row_in_training_is_normalised_by_the_running_statistics() -> None:
    neck = Neck(4)
    neck(torch.randn(64, 4) * 2 + 5)
    one = torch.randn(1, 4)
    kept = neck.running_mean.clone()
    learned = neck.train()(one)
    torch.testing.assert_close(learned, neck.eval()(one))
    assert torch.equal(neck.running_mean, kept)


def test_it_learns_no_offset() -> None:
    assert {name for name, weight in Neck(4).named_parameters() if weight.requires_grad} == {"weight"}
