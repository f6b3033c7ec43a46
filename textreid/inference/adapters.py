"""Every kind of model behind the same two functions: pictures to vectors, sentences to vectors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from PIL import Image
from torch import Tensor

from textreid.errors import ModelError
from textreid.models.folder import load_whole, quiet


class Towers(Protocol):
    """Two functions into one space; rows need not be normalised yet.

    Attributes:
        reads_text: False for a model of images alone, which has no second function.
    """

    reads_text: bool

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, D]."""
        ...

    def texts(self, texts: Sequence[str]) -> Tensor:
        """[B, D]."""
        ...


def load_towers(folder: Path, device: str) -> Towers:
    """The model in a folder, whatever its layout.

    Args:
        folder: in the layout of transformers or of sentence-transformers.
        device: a torch device.

    Raises:
        ModelError: the model does not encode both pictures and sentences, or lacks weights.
        OSError, ValueError, KeyError, RuntimeError, ImportError: the folder is damaged or of an unknown kind.
    """
    from transformers import AutoModel, AutoProcessor

    path = folder / "config.json"
    kind = json.loads(path.read_text(encoding="utf-8")).get("model_type") if path.is_file() else None
    if (folder / "modules.json").is_file() and kind != "textreid":
        return SentenceTransformerTowers(folder, device)
    model = load_whole(AutoModel, folder)
    if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
        raise ModelError(f"'{folder}' holds a {kind} model; a search needs one for both pictures and text.")
    return TransformersTowers(model, AutoProcessor.from_pretrained(folder, local_files_only=True), device)


class TransformersTowers:
    """A model of transformers with `get_image_features` and `get_text_features`, and its processor.

    Args:
        model: in evaluation mode.
        processor: with an image processor and a tokenizer.
        device: where to run.
    """

    def __init__(self, model: Any, processor: Any, device: str) -> None:
        self.model, self.processor, self.device = model.to(device), processor, device
        self.reads_text = getattr(model.config, "reads_text", True)
        if self.reads_text:
            self._choose_padding()

    def _choose_padding(self) -> None:
        model, processor = self.model, self.processor
        self.longest = _longest(processor.tokenizer.model_max_length, model)
        # SigLIP was trained on sentences padded to a fixed length, its padding unmasked.
        fixed = model.config.model_type.startswith("siglip")
        padding = "max_length" if fixed else "longest"
        self.padding = {"padding": padding, "truncation": True, "max_length": self.longest}
        self.text_inputs = ("input_ids",) if fixed else ("input_ids", "attention_mask")

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, D]."""
        features: Tensor = self._read(images).pooler_output
        return features

    def texts(self, texts: Sequence[str]) -> Tensor:
        """[B, D]."""
        features: Tensor = self.model.get_text_features(**self.tokens(texts)).pooler_output
        return features

    def tokens(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """[B, L] int64 each, by the names of the model's arguments."""
        inputs = self.processor.tokenizer(
            list(texts), return_tensors="pt", return_attention_mask=True, **self.padding
        ).to(self.device)
        return {name: inputs[name] for name in self.text_inputs}

    @property
    def has_matcher(self) -> bool:
        """Whether the two functions below can be called."""
        return getattr(self.model, "matcher", None) is not None

    @property
    def say(self) -> float:
        """How much cosine one unit of the matcher's logits is worth."""
        say: float = self.model.matcher.config.say
        return say

    def image_tokens(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, L, C], what the matcher reads of pictures."""
        tokens: Tensor = self.model.matcher.image(self._read(images).last_hidden_state)
        return tokens

    def matching(self, text: str) -> Callable[[Tensor], Tensor]:
        """Image tokens [B, L, C] -> [B] float32 logits that the sentence describes them."""
        inputs = self.processor.tokenizer([text], return_tensors="pt", **self.padding).to(self.device)
        sentence = self.model.encode_text(inputs["input_ids"], inputs["attention_mask"])

        def match(tokens: Tensor) -> Tensor:
            kept = tokens.to(self.device, self.model.dtype)
            logits: Tensor = self.model.matcher.judge(kept[None], sentence.tokens, sentence.mask)[0]
            return logits

        return match

    def _read(self, images: Sequence[Image.Image]) -> Any:
        inputs = self.processor.image_processor(images=list(images), return_tensors="pt").to(self.device)
        return self.model.get_image_features(**inputs)


class SentenceTransformerTowers:
    """A multimodal model of sentence-transformers.

    Args:
        folder: with a `modules.json`.
        device: where to run.

    Raises:
        ModelError: it does not encode both pictures and sentences.
    """

    reads_text = True

    def __init__(self, folder: Path, device: str) -> None:
        from sentence_transformers import SentenceTransformer

        with quiet(warnings=True):
            self.model = SentenceTransformer(
                str(folder), device=device, model_kwargs={"use_safetensors": True}, local_files_only=True
            )
        if not {"text", "image"} <= set(self.model.modalities):
            raise ModelError(
                f"'{folder}' encodes {', '.join(self.model.modalities)}; a search needs text and image."
            )
        if self.model.max_seq_length:
            self.model.max_seq_length = _longest(self.model.max_seq_length, self.model.transformers_model)

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, D]."""
        return self._encode(list(images))

    def texts(self, texts: Sequence[str]) -> Tensor:
        """[B, D]; wrapped, because a bare string that looks like a path or an address would be opened."""
        return self._encode([{"text": text} for text in texts])

    def _encode(self, items: list[Any]) -> Tensor:
        vectors: Tensor = self.model.encode(
            items, batch_size=len(items), convert_to_tensor=True, show_progress_bar=False
        )
        return vectors


def _longest(limit: int, model: Any) -> int:
    """How many tokens a model reads: many tokenizers do not know."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None) if model else None
    return min(limit, positions or limit)
