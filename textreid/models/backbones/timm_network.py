"""Any network of timm: ResNet, EfficientNet, MobileNet, ConvNeXt, ViT, Swin and more.

Options of a recipe's [model.image_options], beside those of `timm.create_model`:
`pooling`: "mean+max" (the default where there is a map), "mean", "gem", or "own", the network's own (the
default of a ViT: its class token, or its attention-pooling head);
`last_stride = 1`: a ResNet's last stage keeps the resolution (Luo et al., "Bag of Tricks", CVPRW 2019);
`table_size = [H, W]`: pixels for which position tables are made; other sizes interpolate.
"""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import timm
import torch
from timm.models import get_pretrained_cfg
from torch import Tensor, nn

from textreid.errors import ModelError, UnknownNameError
from textreid.models.backbones._backbone import Backbone, Grid, MeanStd
from textreid.models.backbones._pooling import create_pooling

OUR_OPTIONS = ("pooling", "last_stride", "table_size")
OPENING = ("checkpoint_path", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "cache_dir")
"""Options of timm that say where weights are read from, which only `image_init` does."""


class TimmNetwork(Backbone):
    """A network of timm without its classifier; it takes every name that no other file knows."""

    @property
    def has_table(self) -> bool:
        """Whether the network is made for one size, as a ViT or a Swin is."""
        config = get_pretrained_cfg(self.name)
        return config is not None and bool(config.fixed_input_size)

    @property
    def normalisation(self) -> MeanStd:
        """What the network was trained with."""
        config = get_pretrained_cfg(self.name)
        return (config.mean, config.std) if config is not None else ((0.5,) * 3, (0.5,) * 3)

    def build(self, image_size: tuple[int, int]) -> nn.Module:
        """See `Backbone.build`."""
        return self._build(image_size, self.name, pretrained=False)

    def load(self, image_size: tuple[int, int], folder: Path) -> nn.Module:
        """The network with the weights of a folder in the hub's layout, fitted to the size of the crops.

        Args:
            image_size: (height, width) of the crops, in pixels.
            folder: what timm wrote.
        """
        return self._build(image_size, f"local-dir:{folder}", pretrained=True)

    def _build(self, image_size: tuple[int, int], source: str, *, pretrained: bool) -> nn.Module:
        name, options = self.name, self.options
        if not timm.is_model(name):
            raise UnknownNameError("backbone of timm", name, get_close_matches(name, timm.list_models(), n=5))
        if opening := [key for key in OPENING if key in options]:
            raise ModelError(
                f"[model.image_options] has '{opening[0]}': name the weights by image_init instead, which"
                " takes safetensors."
            )
        given = {key: value for key, value in options.items() if key not in OUR_OPTIONS}
        if self.has_table:
            given["img_size"] = tuple(options.get("table_size", image_size))
        tower: Any = _create(source, given | {"pretrained": pretrained})
        if not _is_transformer(tower):
            tower.reset_classifier(0, "")
        elif any(side % patch for side, patch in zip(image_size, tower.patch_embed.patch_size, strict=True)):
            patch = tower.patch_embed.patch_size[0]
            raise ModelError(f"image_size is {list(image_size)}; '{name}' needs multiples of {patch} pixels.")
        if options.get("last_stride") == 1:
            _raise_resolution(name, tower)
        pooling = options.get("pooling", "own" if _is_transformer(tower) else "mean+max")
        if pooling != "own":
            tower.token_pooling = create_pooling(pooling, "own")
        else:
            tower.token_pooling = None if _is_transformer(tower) else create_pooling("mean")
        network: nn.Module = tower
        return network

    def widths(self, tower: Any) -> tuple[int, int]:
        """See `Backbone.widths`."""
        if tower.token_pooling is None:
            return tower.num_features, tower.head_hidden_size
        return tower.head_hidden_size, tower.token_pooling.growth * tower.head_hidden_size

    def read(self, tower: Any, pixel_values: Tensor) -> Grid:
        """See `Backbone.read`."""
        if _is_transformer(tower):
            return _read_tokens(tower, pixel_values)
        grid = tower(pixel_values.contiguous(memory_format=torch.channels_last))
        if getattr(tower, "output_fmt", "NCHW") == "NHWC":
            tokens, size = grid.flatten(1, 2), tuple(grid.shape[1:3])
        else:
            tokens, size = grid.flatten(2).transpose(1, 2), tuple(grid.shape[2:])
        return Grid(tokens, size, tower.token_pooling(tokens))


def _is_transformer(tower: nn.Module) -> bool:
    """Whether it is one of timm's many classes of networks that give tokens, not a map."""
    return hasattr(tower, "num_prefix_tokens")


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
            reason: Exception = error
        except Exception as error:  # a value that it refuses, in one of many ways
            reason = error
            break
    raise ModelError(f"[model.image_options] does not fit '{name}': {reason}")


def _raise_resolution(name: str, tower: nn.Module) -> None:
    stage = getattr(tower, "layer4", None)
    if stage is None:
        raise ModelError(f"last_stride = 1 is for a ResNet; '{name}' has no layer4.")
    for module in stage.modules():
        if isinstance(module, nn.Conv2d | nn.AvgPool2d) and module.stride in (2, (2, 2)):
            module.stride = (1, 1)
            if isinstance(module, nn.AvgPool2d):
                module.kernel_size = 1


def _read_tokens(tower: Any, pixel_values: Tensor) -> Grid:
    features = tower.forward_features(pixel_values)
    tokens = features[:, tower.num_prefix_tokens :]
    pooling = tower.token_pooling
    pooled = tower.forward_head(features, pre_logits=True) if pooling is None else pooling(tokens)
    height, width = (
        side // patch
        for side, patch in zip(pixel_values.shape[2:], tower.patch_embed.patch_size, strict=True)
    )
    return Grid(tokens, (height, width), pooled)
