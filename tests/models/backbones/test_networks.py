"""The networks that textreid writes itself, against their papers, and tables of positions."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from textreid.models import backbones
from textreid.models.attention import attention_from
from textreid.models.backbones import osnet, resnet_ibn
from textreid.models.backbones._patches import grid_of, resize_table

PUBLISHED_MILLIONS = {"osnet_x1_0": 2.2, "osnet_x0_75": 1.3, "osnet_x0_5": 0.6, "osnet_x0_25": 0.2}


def count(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize("name", osnet.OmniScale.names)
def test_osnet_has_the_published_number_of_weights(name: str) -> None:
    assert round(count(backbones.create(name, {}).build((256, 128))) / 1e6, 1) == PUBLISHED_MILLIONS[name]


def test_osnet_does_the_published_amount_of_work() -> None:
    """978.9 million multiplications and additions for a crop of 256×128, as the authors count them."""
    backbone = backbones.create("osnet_x1_0", {})
    tower = backbone.build((256, 128)).eval()
    work = 0

    def add(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal work
        if isinstance(module, nn.Conv2d):
            work += output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            work += output.numel() * module.in_features

    for module in tower.modules():
        module.register_forward_hook(add)
    with torch.inference_mode():
        backbone.read(tower, torch.zeros(1, 3, 256, 128))
    assert work / 1e6 == pytest.approx(978.9, rel=0.005)


def test_streams_see_three_to_nine_pixels() -> None:
    block = osnet.OmniScaleBlock(64, 64).eval()
    for stream, side in zip(osnet.STREAMS, (3, 5, 7, 9), strict=True):
        x = torch.zeros(1, 16, 21, 21)
        x[:, :, 10, 10] = 1
        with torch.inference_mode():
            network = block.get_submodule(stream)
            changed = (network(x) - network(torch.zeros_like(x))).abs().sum((0, 1)) > 0
        assert changed.any(0).sum() <= side
        assert not changed[: 10 - side // 2].any()


def test_gate_of_zero_weights_halves_its_stream() -> None:
    gate = osnet.Gate(32)
    for weight in gate.parameters():
        nn.init.zeros_(weight)
    x = torch.randn(2, 32, 5, 3)
    torch.testing.assert_close(gate(x), x / 2)


def test_ibn_normalises_half_by_image_and_half_by_batch() -> None:
    norm = resnet_ibn.InstanceBatchNorm(6).train()
    x = torch.randn(4, 6, 5, 3) * 3 + 1
    by_image, by_batch = norm(x).split(3, dim=1)
    torch.testing.assert_close(by_image.mean((2, 3)), torch.zeros(4, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(by_batch.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert by_batch.mean((2, 3)).abs().max() > 0.1


def test_ibn_takes_away_the_light_of_an_image() -> None:
    norm = resnet_ibn.InstanceBatchNorm(4).eval()
    x = torch.randn(1, 4, 6, 6)
    torch.testing.assert_close(norm(3 * x + 2)[:, :2], norm(x)[:, :2], atol=1e-3, rtol=1e-3)


def test_ibn_network_takes_the_weights_of_a_resnet_but_for_its_norms() -> None:
    ours = backbones.create("resnet50_ibn_a", {}).build((256, 128))
    theirs = torchvision.models.resnet50()
    names = {name for name in theirs.state_dict() if not name.startswith("fc.")}
    split = {f"layer{s}.{b}.bn1" for s, blocks in ((1, 3), (2, 4), (3, 6)) for b in range(blocks)}
    kept = {name for name in names if name.rpartition(".")[0] not in split}
    assert kept <= ours.state_dict().keys()
    assert {name.rpartition(".")[0] for name in ours.state_dict().keys() - kept} == {
        f"{norm}.{half}" for norm in split for half in ("IN", "BN")
    }
    assert count(ours) == count(theirs) - count(theirs.fc) == 23_508_032


def test_last_stride_doubles_the_grid_with_the_same_weights() -> None:
    torch.manual_seed(0)
    backbone = backbones.create("test_resnet", {"pooling": "mean"})
    plain = backbone.build((64, 32)).eval()
    fine = backbones.create("test_resnet", {"pooling": "mean", "last_stride": 1}).build((64, 32)).eval()
    fine.load_state_dict(plain.state_dict())
    pixels = torch.randn(2, 3, 128, 64)
    with torch.inference_mode():
        coarse, dense = backbone.read(plain, pixels), backbone.read(fine, pixels)
    assert (coarse.size, dense.size) == ((4, 2), (8, 4))


def test_generalised_mean_lies_between_mean_and_maximum() -> None:
    tower = backbones.create("test_efficientnet", {"pooling": "gem"}).build((64, 32))
    tokens = torch.rand(3, 8, 256) / 2 + 0.5
    expected = tokens.pow(3).mean(1).pow(1 / 3)
    torch.testing.assert_close(tower.token_pooling(tokens), expected)
    tower.token_pooling.power.data.fill_(1)
    torch.testing.assert_close(tower.token_pooling(tokens), tokens.mean(1))
    tower.token_pooling.power.data.fill_(100)
    torch.testing.assert_close(tower.token_pooling(tokens), tokens.amax(1), atol=0, rtol=0.03)


def test_table_of_positions_is_resized_as_a_picture() -> None:
    torch.manual_seed(0)
    table = torch.randn(14 * 14, 8)
    picture = table.reshape(14, 14, 8).permute(2, 0, 1)[None]
    expected = F.interpolate(picture, (24, 8), mode="bicubic", align_corners=False)
    resized = resize_table(table, (14, 14), (24, 8)).reshape(24, 8, 8)
    torch.testing.assert_close(resized, expected[0].permute(1, 2, 0))
    assert resize_table(table, (14, 14), (14, 14)) is table


def test_a_ramp_stays_a_ramp() -> None:
    rows = torch.arange(8.0)[:, None].expand(8, 4).reshape(-1, 1)
    resized = resize_table(rows, (8, 4), (16, 4)).reshape(16, 4)
    assert (resized.diff(dim=0) > 0).all()
    torch.testing.assert_close(resized, resized[:, :1].expand(16, 4))


@pytest.mark.parametrize(
    ("image_size", "stride", "expected"),
    [((384, 128), 16, (24, 8)), ((256, 128), 12, (21, 10)), ((224, 224), 16, (14, 14))],
)
def test_patches_of_the_published_settings(
    image_size: tuple[int, int], stride: int, expected: tuple[int, int]
) -> None:
    assert grid_of(image_size, 16, stride) == expected


def test_attention_of_one_token_is_a_row_of_the_whole() -> None:
    from transformers import CLIPVisionConfig
    from transformers.models.clip.modeling_clip import CLIPAttention

    config = CLIPVisionConfig(hidden_size=16, num_attention_heads=4)
    config._attn_implementation = "eager"
    torch.manual_seed(0)
    attention = CLIPAttention(config).eval()
    hidden, rows = torch.randn(3, 6, 16), torch.tensor([0, 5, 2])
    whole = attention(hidden)[1]  # [N, heads, L, L]
    expected = torch.stack([weights[:, row].mean(0) for weights, row in zip(whole, rows, strict=True)])
    torch.testing.assert_close(attention_from(attention, hidden, rows), expected)


def test_attention_ignores_what_it_may_not_see() -> None:
    from transformers import CLIPVisionConfig
    from transformers.models.clip.modeling_clip import CLIPAttention

    attention = CLIPAttention(CLIPVisionConfig(hidden_size=16, num_attention_heads=2))
    visible = torch.tensor([[True, True, False, False]])
    looks = attention_from(attention, torch.randn(1, 4, 16), torch.tensor([1]), visible)
    assert (looks[0, 2:] == 0).all()
    torch.testing.assert_close(looks.sum(), torch.tensor(1.0))
