"""What every image tower promises, whatever its family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from textreid.errors import ModelError, UnknownNameError
from textreid.models import backbones
from textreid.models.config import JointConfig
from textreid.models.folder import load_whole
from textreid.models.joint import JointModel

VISION = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "patch_size": 16,
}
TOWERS: dict[str, tuple[str, dict[str, Any], tuple[int, int], tuple[int, int]]] = {
    "a network with a map": ("test_efficientnet", {}, (4, 2), (256, 512)),
    "its mean": ("test_efficientnet", {"pooling": "mean"}, (4, 2), (256, 256)),
    "its own pooling": ("test_efficientnet", {"pooling": "own"}, (4, 2), (256, 256)),
    "its generalised mean": ("test_efficientnet", {"pooling": "gem"}, (4, 2), (256, 256)),
    "last stage at full resolution": ("test_resnet", {"last_stride": 1}, (8, 4), (96, 192)),
    "a map of another width than its stages": ("mobilenetv3_small_050", {}, (4, 2), (1024, 2048)),
    "channels last": ("swin_tiny_patch4_window7_224", {}, (4, 2), (768, 1536)),
    "class token": ("test_vit", {}, (8, 4), (64, 64)),
    "class token left out": ("test_vit", {"pooling": "mean+max"}, (8, 4), (64, 128)),
    "rotary positions": ("vit_small_patch16_dinov3", {}, (8, 4), (384, 384)),
    "instance normalisation": ("resnet50_ibn_a", {}, (4, 2), (2048, 4096)),
    "omni-scale": ("osnet_x0_25", {}, (8, 4), (128, 512)),
    "CLIP": ("clip", {"config": VISION}, (8, 4), (16, 16)),
    "overlapping patches": ("clip", {"config": VISION, "stride": 8}, (15, 7), (16, 16)),
    "SigLIP": ("siglip", {"config": VISION}, (8, 4), (16, 16)),
}
SIZE = (128, 64)


@pytest.fixture(params=TOWERS, name="case")
def _case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def build(case: str) -> tuple[Any, Any]:
    name, options, *_ = TOWERS[case]
    torch.manual_seed(0)
    backbone = backbones.create(name, options)
    return backbone, backbone.build(SIZE)


def crops(height: int = SIZE[0], width: int = SIZE[1]) -> torch.Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(1))


def test_shapes_widths_and_saliency(case: str) -> None:
    _, _, size, widths = TOWERS[case]
    backbone, tower = build(case)
    with torch.inference_mode():
        grid = backbone.read(tower.eval(), crops())
    assert grid.size == size
    assert grid.tokens.shape == (2, size[0] * size[1], widths[0])
    assert grid.pooled.shape == (2, widths[1])
    assert backbone.widths(tower) == widths
    if grid.saliency is not None:
        assert grid.saliency.shape == grid.tokens.shape[:2]
        assert (grid.saliency > 0).all()
        assert (grid.saliency.sum(1) < 1 + 1e-5).all()


def test_other_sizes_of_crop_give_other_grids(case: str) -> None:
    backbone, tower = build(case)
    with torch.inference_mode():
        grid = backbone.read(tower.eval(), crops(192, 96))
    assert grid.size[0] > TOWERS[case][2][0]
    assert grid.tokens.shape[1] == grid.size[0] * grid.size[1]
    assert torch.isfinite(grid.pooled).all()


def test_crops_do_not_see_each_other(case: str) -> None:
    backbone, tower = build(case)
    with torch.inference_mode():
        together = backbone.read(tower.eval(), crops())
        alone = backbone.read(tower, crops()[1:])
    torch.testing.assert_close(alone.pooled[0], together.pooled[1], atol=1e-4, rtol=1e-4)


def test_every_weight_learns(case: str) -> None:
    backbone, tower = build(case)
    grid = backbone.read(tower.train(), crops())
    (grid.pooled.square().sum() + grid.tokens.square().sum()).backward()
    idle = {name for name, weight in tower.named_parameters() if weight.grad is None}
    assert not idle


def test_saved_and_loaded_it_is_the_same(case: str, tmp_path: Path) -> None:
    name, options, *_ = TOWERS[case]
    torch.manual_seed(0)
    config = JointConfig(name, SIZE, projection_dim=8, image_options=options, reads_text=False)
    model = JointModel(config).eval()
    model.save_pretrained(tmp_path)
    again = load_whole(JointModel, tmp_path)
    with torch.inference_mode():
        ours, theirs = (m.encode_image(crops()) for m in (model, again))
    assert torch.equal(ours.pooled, theirs.pooled)
    assert torch.equal(ours.tokens, theirs.tokens)


def test_a_frozen_tower_stays_as_it_is(case: str) -> None:
    backbone, tower = build(case)
    tower.requires_grad_(False)
    head = nn.Linear(backbone.widths(tower)[1], 1)
    head(backbone.read(tower.eval(), crops()).pooled).sum().backward()
    assert head.weight.grad is not None
    assert all(weight.grad is None for weight in tower.parameters())


def test_locations_are_row_by_row(case: str) -> None:
    """A change at the bottom right must not show first at the top left."""
    backbone, tower = build(case)
    changed = crops()
    changed[:, :, -32:, -32:] += 5
    with torch.inference_mode():
        before, after = (backbone.read(tower.eval(), pixels).tokens for pixels in (crops(), changed))
    difference = (after - before).norm(dim=2).mean(0)
    assert difference[-1] > difference[0]


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("resnet5", {}, UnknownNameError, "Did you mean 'resnet50'"),
        ("test_efficientnet", {"pooling": "gen"}, UnknownNameError, "Did you mean 'gem'"),
        ("test_efficientnet", {"last_stride": 1}, ModelError, "has no layer4"),
        ("test_efficientnet", {"windows": 1}, ModelError, "does not fit 'test_efficientnet'"),
        ("eva02_tiny_patch14_224", {}, ModelError, "multiples of 14 pixels"),
        ("osnet_x0_25", {"stride": 1}, UnknownNameError, "option of osnet_x0_25"),
        ("clip", {"table_size": [8, 8]}, ModelError, "patches are 32 pixels"),
        (
            "clip",
            {"config": {"hidden_size": 15}},
            ModelError,
            r"\[model\.image_options\] does not fit 'clip'",
        ),
        ("siglip", {"config": {"hidden_size": "x"}}, ModelError, "does not fit 'siglip'"),
        ("siglip", {"config": {"hidden_act": "x"}}, ModelError, "does not fit 'siglip'"),
        ("clip", {"config": {"patch_size": 0}}, ModelError, "does not fit 'clip'"),
    ],
)
def test_refusals(name: str, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        backbones.create(name, options).build(SIZE)
