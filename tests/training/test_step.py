"""Encoding captions by length changes the work, not the result; arithmetic follows recipe and processor."""

from __future__ import annotations

import pytest
import torch

from textreid.models import JointConfig, JointModel
from textreid.training.length_buckets import encode_texts_by_length
from textreid.training.precision import tower_autocast


def test_grouping_by_length_equals_one_padded_batch() -> None:
    torch.manual_seed(0)
    text = {
        "model_type": "bert",
        "vocab_size": 50,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "max_position_embeddings": 64,
    }
    config = JointConfig(image_backbone="test_efficientnet.r160_in1k", text_config=text, projection_dim=8)
    model = JointModel(config).eval()
    lengths = torch.tensor([3, 40, 7, 7, 1, 22, 39])
    mask = (torch.arange(40) < lengths[:, None]).long()
    ids = torch.randint(1, 50, (7, 40)) * mask

    whole = model.encode_text(ids, mask)
    alone = torch.cat(
        [
            model.get_text_features(ids[i : i + 1, :n], mask[i : i + 1, :n]).pooler_output
            for i, n in enumerate(lengths)
        ]
    )
    for parts in (1, 3, 4, 20):
        grouped = encode_texts_by_length(model, ids, mask, groups=parts)
        torch.testing.assert_close(grouped.pooled, whole.pooled, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(grouped.pooled, alone, atol=1e-5, rtol=1e-4)
        assert torch.equal(grouped.mask, mask.bool())
        real = mask.bool()
        torch.testing.assert_close(grouped.tokens[real], whole.tokens[real], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("has_bf16", "precision", "on_cpu", "computed"),
    [
        (True, "bf16", True, torch.bfloat16),
        (True, "bf16", False, torch.float32),
        (True, "fp32", True, torch.float32),
        (False, "bf16", True, torch.float32),
    ],
)
def test_a_cpu_computes_in_bf16_where_that_pays(
    monkeypatch: pytest.MonkeyPatch, has_bf16: bool, precision: str, on_cpu: bool, computed: torch.dtype
) -> None:
    monkeypatch.setattr("textreid.training.precision.cpu_has_bf16", lambda: has_bf16)
    with tower_autocast("cpu", precision, on_cpu=on_cpu):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == computed
