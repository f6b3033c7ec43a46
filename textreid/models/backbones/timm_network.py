"""Any network of timm: ResNet, EfficientNet, MobileNet, ConvNeXt, ViT, Swin and more.

Options of a recipe's [model.image_options], beside those of `timm.create_model`:
`pooling`: "mean+max" (the default where there is a map), "mean", "gem", or "own", the network's own (the
default of a ViT: its class token, or its attention-pooling head);
`last_stride = 1`: a ResNet's last stage keeps the resolution (Luo et al., "Bag of Tricks", CVPRW 2019);
`table_size = [H, W]`: pixels for which position tables are made; other sizes interpolate.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import timm
import torch
from timm.models import get_pretrained_cfg
from torch import Tensor, nn

from textreid.errors import ModelError, UnknownNameError
from textreid.models.backbones import Grid
from textreid.models.backbones._pooling import create_pooling

OURS = ("pooling", "last_stride", "table_size")


def names() -> list[str]:
    """None of its own: it takes what no other file knows."""
    return []


def build(
    name: str, image_size: tuple[int, int], options: Mapping[str, Any], *, folder: str | None = None
) -> nn.Module:
    """The network without its classifier.

    Args:
        name: a timm name, such as "tf_efficientnet_lite0".
        image_size: (height, width) in pixels.
        options: see above.
        folder: where its weights lie, in the hub's layout; they are drawn at random without one.

    Raises:
        UnknownNameError: timm has no network of that name.
        ModelError: an option does not fit the network.
    """
    if not timm.is_model(name):
        raise UnknownNameError("backbone of timm", name, get_close_matches(name, timm.list_models(), n=5))
    given = {key: value for key, value in options.items() if key not in OURS}
    if has_table(name):
        given["img_size"] = tuple(options.get("table_size", image_size))
    source = name if folder is None else f"local-dir:{folder}"
    tower: Any = _create(source, given | {"pretrained": folder is not None})
    if not hasattr(tower, "num_prefix_tokens"):
        tower.reset_classifier(0, "")
    elif any(side % patch for side, patch in zip(image_size, tower.patch_embed.patch_size, strict=True)):
        patch = tower.patch_embed.patch_size[0]
        raise ModelError(f"image_size is {list(image_size)}; '{name}' needs multiples of {patch} pixels.")
    if options.get("last_stride") == 1:
        _keep_resolution(name, tower)
    pooling = options.get("pooling", "own" if hasattr(tower, "num_prefix_tokens") else "mean+max")
    if pooling != "own":
        tower.token_pooling = create_pooling(pooling, "own")
    elif not hasattr(tower, "num_prefix_tokens"):
        tower.token_pooling = create_pooling("mean", "own")
    return tower


def _create(name: str, options: dict[str, Any]) -> nn.Module:
    """Networks with position tables take other sizes than their own by one of two names."""
    flexible: list[dict[str, Any]] = [{}]
    if "img_size" in options:
        flexible = [{"dynamic_img_size": True}, {"strict_img_size": False}, {}]
    for more in flexible:
        try:
            tower: nn.Module = timm.create_model(name, num_classes=0, **options, **more)
            return tower
        except TypeError as error:  # an argument that this network does not know
            reason = error
    raise ModelError(f"[model.image_options] does not fit '{name}': {reason}")


def _keep_resolution(name: str, tower: nn.Module) -> None:
    stage = getattr(tower, "layer4", None)
    if stage is None:
        raise ModelError(f"last_stride = 1 is for a ResNet; '{name}' has no layer4.")
    for module in stage.modules():
        if isinstance(module, nn.Conv2d | nn.AvgPool2d) and module.stride in (2, (2, 2)):
            module.stride = (1, 1)
            if isinstance(module, nn.AvgPool2d):
                module.kernel_size = 1


def widths(tower: Any) -> tuple[int, int]:
    """C of a token, and C' of a pooled vector."""
    pooling = getattr(tower, "token_pooling", None)
    if pooling is None:
        return tower.num_features, tower.head_hidden_size
    return tower.head_hidden_size, pooling.growth * tower.head_hidden_size


def has_table(name: str) -> bool:
    """Whether the network is made for one size, as a ViT or a Swin is."""
    config = get_pretrained_cfg(name)
    return config is not None and bool(config.fixed_input_size)


def normalisation(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the pixels, from 0 to 1, that the network was trained with."""
    config = get_pretrained_cfg(name)
    return (config.mean, config.std) if config is not None else ((0.5,) * 3, (0.5,) * 3)


def read(tower: Any, pixel_values: Tensor) -> Grid:
    """Crops [N, 3, H, W] float32 to a grid."""
    if hasattr(tower, "num_prefix_tokens"):
        return _read_tokens(tower, pixel_values)
    grid = tower(pixel_values.contiguous(memory_format=torch.channels_last))
    if getattr(tower, "output_fmt", "NCHW") == "NHWC":
        tokens, size = grid.flatten(1, 2), tuple(grid.shape[1:3])
    else:
        tokens, size = grid.flatten(2).transpose(1, 2), tuple(grid.shape[2:])
    return Grid(tokens, size, tower.token_pooling(tokens))


def _read_tokens(tower: Any, pixel_values: Tensor) -> Grid:
    features = tower.forward_features(pixel_values)
    tokens = features[:, tower.num_prefix_tokens :]
    pooling = getattr(tower, "token_pooling", None)
    pooled = tower.forward_head(features, pre_logits=True) if pooling is None else pooling(tokens)
    height, width = (
        side // patch
        for side, patch in zip(pixel_values.shape[2:], tower.patch_embed.patch_size, strict=True)
    )
    return Grid(tokens, (height, width), pooled)
