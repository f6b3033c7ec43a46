"""Text towers of many kinds, read the same way."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import (
    BertConfig,
    CLIPTextConfig,
    DistilBertConfig,
    ModernBertConfig,
    MPNetConfig,
    PreTrainedConfig,
    RobertaConfig,
    SiglipTextConfig,
)

from textreid.models import text_tower
from textreid.models.config import JointConfig
from textreid.models.folder import load_whole
from textreid.models.joint import JointModel

SIZES = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "vocab_size": 50,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "eos_token_id": 3,
}
CONFIGS: list[PreTrainedConfig] = [
    BertConfig(**SIZES),
    RobertaConfig(**SIZES),
    MPNetConfig(**SIZES),
    ModernBertConfig(**SIZES, cls_token_id=2, sep_token_id=3),
    DistilBertConfig(dim=16, hidden_dim=32, n_layers=2, n_heads=2, vocab_size=50),
    CLIPTextConfig(**SIZES),
    SiglipTextConfig(**SIZES, projection_size=24),
]
IDS = torch.tensor([[5, 6, 7, 1, 1], [8, 9, 10, 11, 12]])
MASK = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])


@pytest.fixture(params=CONFIGS, ids=lambda config: config.model_type, name="config")
def _config(request: pytest.FixtureRequest) -> PreTrainedConfig:
    config: PreTrainedConfig = request.param
    return config


def test_shapes_and_padding(config: PreTrainedConfig) -> None:
    torch.manual_seed(0)
    tower = text_tower.build(config).eval()
    with torch.inference_mode():
        both = text_tower.read(tower, IDS, MASK)
        alone = text_tower.read(tower, IDS[:1, :3], MASK[:1, :3])
        other = text_tower.read(tower, IDS.masked_fill(MASK == 0, 7), MASK)
    assert both.tokens.shape == (2, 5, 16)
    assert both.pooled.shape == (2, text_tower.pooled_width(config))
    torch.testing.assert_close(both.pooled[:1], alone.pooled)
    torch.testing.assert_close(both.tokens[0, :3], alone.tokens[0])
    torch.testing.assert_close(other.pooled, both.pooled)
    if both.saliency is not None:
        torch.testing.assert_close(both.saliency.sum(1), torch.ones(2))
        assert (both.saliency[MASK == 0] == 0).all()


def test_every_weight_learns(config: PreTrainedConfig) -> None:
    tower = text_tower.build(config)
    text_tower.read(tower, IDS, MASK).pooled.square().sum().backward()
    assert not [name for name, weight in tower.named_parameters() if weight.grad is None]


def test_saved_and_loaded_it_is_the_same(config: PreTrainedConfig, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = JointModel(JointConfig("test_efficientnet", (64, 32), config, projection_dim=8)).eval()
    model.save_pretrained(tmp_path)
    again = load_whole(JointModel, tmp_path)
    with torch.inference_mode():
        assert torch.equal(model.encode_text(IDS, MASK).pooled, again.encode_text(IDS, MASK).pooled)
