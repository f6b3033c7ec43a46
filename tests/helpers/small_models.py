"""Models of a few kilobytes in the layouts that people have: joint, CLIP, SigLIP, sentence-transformers.

Weights are random, so vectors mean nothing; layout, preprocessing and arithmetic are those of the real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    SiglipProcessor,
)

from textreid.models.folder import save_model
from textreid.models.joint import JointModel
from textreid.models.pretrained.joint import start_model
from textreid.models.processor import JointProcessor
from textreid.recipe import DataRecipe, ModelRecipe, Recipe, SamplerRecipe

CAPTIONS = [
    "a man in a red shirt and blue jeans",
    "a woman with a black bag walks to the left",
    "the person wears a long green coat and white shoes",
    "a tall man with a yellow umbrella, dark trousers and a grey hat",
]
TOWER = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
SPECIAL = {"eos_token_id": 2, "bos_token_id": 2, "pad_token_id": 0}
VISION = {**TOWER, "image_size": 32, "patch_size": 16}


def small_recipe(**changes: Any) -> ModelRecipe:
    """Of a joint model of a few kilobytes."""
    small = ModelRecipe(
        init="scratch",
        image_backbone="test_efficientnet",
        projection_dim=32,
        text_layers=1,
        text_width=32,
        vocabulary=150,
    )
    return replace(small, **changes)


def phase(**options: Any) -> dict[str, Any]:
    """The table of a phase with crops of 64 x 32 pixels and high rates, and whatever the options change."""
    rates = {"image_rate": 3e-3, "text_rate": 3e-3, "head_rate": 3e-3}
    return {"name": "phase", "epochs": 1, "image_size": [64, 32], **rates, **options}


def short_run(model: ModelRecipe) -> Recipe:
    """Two epochs with thirty drawn people; as many are looked at in between."""
    return Recipe(
        model=model,
        data=(DataRecipe("synthetic", identities=30, images=2),),
        val=(DataRecipe("synthetic", identities=30, images=2, split="val"),),
        sampler=SamplerRecipe(identities=8, images=2),
        loss={"itc": {}},
        stages=(phase(epochs=2),),
        workers=0,
    )


def joint_model(*, dim: int = 24, seed: int = 0) -> tuple[JointModel, JointProcessor]:
    torch.manual_seed(seed)
    recipe = small_recipe(projection_dim=dim, text_layers=2, text_width=64, vocabulary=120)
    model, processor = start_model(recipe, (64, 32), CAPTIONS)
    return model.eval(), processor


def write_joint(folder: Path, *, seed: int = 0) -> Path:
    save_model(*joint_model(seed=seed), folder)
    return folder


def word_tokenizer(captions: Sequence[str] = CAPTIONS, *, eos: bool = True) -> PreTrainedTokenizerFast:
    words = sorted({word for caption in captions for word in caption.replace(",", " ,").split()})
    special = ["<pad>", "<unk>", "<end>"]
    tokenizer = Tokenizer(
        WordLevel({word: n for n, word in enumerate([*special, *words])}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = Whitespace()
    if eos:
        tokenizer.post_processor = TemplateProcessing(single="$A <end>", special_tokens=[("<end>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", eos_token="<end>"
    )


def write_clip(
    folder: Path, captions: Sequence[str] = CAPTIONS, *, width: int = 16, words: int = 20, patch: int = 16
) -> Path:
    """A CLIP that knows the words of the captions and reads so many of a sentence."""
    tokenizer = word_tokenizer(captions)
    torch.manual_seed(1)
    size = {"hidden_size": width, "intermediate_size": 2 * width}
    text = {**TOWER, **size, "vocab_size": len(tokenizer), "max_position_embeddings": words}
    vision = {**VISION, **size, "patch_size": patch}
    config = CLIPConfig(text_config=text | SPECIAL, vision_config=vision, projection_dim=3 * width // 4)
    CLIPModel(config).save_pretrained(folder)
    crop = {"height": 32, "width": 32}
    CLIPProcessor(CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=crop), tokenizer).save_pretrained(
        folder
    )
    return folder


def write_siglip(folder: Path) -> Path:
    tokenizer = word_tokenizer()
    torch.manual_seed(2)
    text = {**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 24, "projection_size": 16}
    SiglipModel(SiglipConfig(text_config=text | SPECIAL, vision_config=VISION)).save_pretrained(folder)
    size = {"height": 32, "width": 32}
    SiglipProcessor(SiglipImageProcessor(size=size), tokenizer).save_pretrained(folder)
    return folder


def write_sentence_transformer(folder: Path) -> Path:
    with TemporaryDirectory() as clip:
        SentenceTransformer(str(write_clip(Path(clip)))).save_pretrained(str(folder))
    return folder


def write_text_only(folder: Path) -> Path:
    tokenizer = word_tokenizer()
    BertModel(BertConfig(**TOWER, vocab_size=len(tokenizer))).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
