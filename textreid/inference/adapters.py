"""Every model library behind the same two functions: images to vectors, texts to vectors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from PIL import Image
from torch import Tensor

from textreid.errors import ModelError
from textreid.inference.known_words import reads_a_word
from textreid.inference.pair_scorer import JointImagePairScorer, JointPairScorer
from textreid.io.plain_data import parse_json
from textreid.models.folder import LOADING, LOCAL, load_whole, silence_transformers
from textreid.models.folder_check import check_folder
from textreid.models.joint import JointModel
from textreid.models.weights import require_finite
from textreid.types import ImagePairScorer, PairScorer


class ModelAdapter(Protocol):
    """A model of some library; its vectors need not be normalised yet.

    Attributes:
        reads_text: False for a model of images alone, whose `texts` must not be called.
        longest: tokens of a text that are read.
        matcher: what scores pairs of an image and a text; None for a model without that part.
        image_matcher: what scores pairs of images; likewise.
    """

    reads_text: bool
    longest: int
    matcher: PairScorer | None
    image_matcher: ImagePairScorer | None

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """One batch of B crops -> their vectors [B, D]."""
        ...

    def texts(self, texts: Sequence[str]) -> Tensor:
        """One batch of B texts -> their vectors [B, D]."""
        ...

    def settle(self, *, images: int, texts: int) -> None:
        """Encode all that follows with one runtime, for so many images and texts."""
        ...

    @property
    def runtimes(self) -> dict[str, str]:
        """What runs "images" and "texts" now."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, whether they are read or not."""
        ...

    def reads_a_word(self, text: str) -> bool:
        """Whether a word of the text is in the vocabulary."""
        ...


class RunsWithTorch:
    """What adapters have in common that know no other runtime."""

    def settle(self, *, images: int, texts: int) -> None:
        """There is nothing to choose."""

    @property
    def runtimes(self) -> dict[str, str]:
        """Torch, for all."""
        return {"images": "torch", "texts": "torch"}


def load_adapter(folder: Path, device: str) -> ModelAdapter:
    """The model in a folder, whatever its layout.

    Args:
        folder: in the layout of transformers or of sentence-transformers.
        device: a torch device.

    Raises:
        ModelError: the model does not encode both images and texts, or is not the one that was saved.
        Exception: whatever the libraries raise for a damaged folder; see `textreid.models.reading`.
    """
    from transformers import AutoModel, AutoProcessor

    check_folder(folder)
    kind = _model_type(folder / "config.json")
    if (folder / "modules.json").is_file() and kind != "textreid":
        return SentenceTransformersAdapter(folder, device)
    model = load_whole(AutoModel, folder)
    if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
        raise ModelError(f"'{folder}' holds a {kind} model; a search needs one for both images and text.")
    return TransformersAdapter(model, AutoProcessor.from_pretrained(folder, **LOCAL), device)


class TransformersAdapter(RunsWithTorch):
    """A model of transformers with `get_image_features` and `get_text_features`, and its processor.

    Args:
        model: in evaluation mode.
        processor: with an image processor and a tokenizer.
        device: where to run.
    """

    matcher: PairScorer | None
    image_matcher: ImagePairScorer | None

    def __init__(self, model: Any, processor: Any, device: str) -> None:
        self.model, self.processor, self.device = model.to(device), processor, device
        joint = isinstance(model, JointModel)
        self.reads_text = model.config.reads_text if joint else True
        self.longest = 0
        if self.reads_text:
            self._choose_padding()
        self.matcher = None
        if joint and model.matcher is not None:
            self.matcher = JointPairScorer(model, self.places, self.tokens)
        self.image_matcher = None
        if joint and model.image_matcher is not None:
            self.image_matcher = JointImagePairScorer(model, self.maps)

    def _choose_padding(self) -> None:
        model, processor = self.model, self.processor
        self.longest = _longest(processor.tokenizer.model_max_length, model)
        # SigLIP was trained on texts padded to a fixed length, its padding unmasked.
        fixed = model.config.model_type.startswith("siglip")
        padding = "max_length" if fixed else "longest"
        self.padding = {"padding": padding, "truncation": True, "max_length": self.longest}
        self.text_inputs = ("input_ids",) if fixed else ("input_ids", "attention_mask")

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """One batch of B crops -> their vectors [B, D]."""
        features: Tensor = self._encode(images).pooler_output
        return features

    def texts(self, texts: Sequence[str]) -> Tensor:
        """One batch of B texts -> their vectors [B, D]."""
        features: Tensor = self.model.get_text_features(**self.tokens(texts)).pooler_output
        return features

    def tokens(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """[B, L] int64 each, by the names of the model's arguments."""
        inputs = self.processor.tokenizer(
            list(texts), return_tensors="pt", return_attention_mask=True, **self.padding
        ).to(self.device)
        return {name: inputs[name] for name in self.text_inputs}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, whether they are read or not."""
        return [len(ids) for ids in self.processor.tokenizer(list(texts))["input_ids"]]

    def reads_a_word(self, text: str) -> bool:
        """Whether a word of the text is in the vocabulary."""
        return reads_a_word(self.processor.tokenizer, text, self.longest)

    def places(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, P, C], what a joint model's matcher reads of B crops."""
        places: Tensor = self.model.matcher.read_images(self._encode(images).last_hidden_state)
        return places

    def maps(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, W, h, w], what a joint model's image matcher reads of B crops."""
        maps: Tensor = self.model.read_for_matching(self.model.encode_image(**self._pixels(images)))
        return maps

    def _encode(self, images: Sequence[Image.Image]) -> Any:
        return self.model.get_image_features(**self._pixels(images))

    def _pixels(self, images: Sequence[Image.Image]) -> Any:
        return self.processor.image_processor(images=list(images), return_tensors="pt").to(self.device)


class SentenceTransformersAdapter(RunsWithTorch):
    """A multimodal model of sentence-transformers.

    Args:
        folder: with a `modules.json`.
        device: where to run.

    Raises:
        ModelError: it does not encode both images and texts.
    """

    reads_text = True
    matcher: PairScorer | None = None
    image_matcher: ImagePairScorer | None = None

    def __init__(self, folder: Path, device: str) -> None:
        from sentence_transformers import SentenceTransformer

        with LOADING, silence_transformers(warnings=True):
            self.model = SentenceTransformer(
                str(folder), device=device, model_kwargs={"use_safetensors": True}, **LOCAL
            )
        require_finite(self.model.state_dict(), folder)
        if not {"text", "image"} <= set(self.model.modalities):
            raise ModelError(
                f"'{folder}' encodes {', '.join(self.model.modalities)}; a search needs text and image."
            )
        if self.model.max_seq_length:
            self.model.max_seq_length = _longest(self.model.max_seq_length, self.model.transformers_model)
        self.longest = self.model.max_seq_length or sys.maxsize

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, whether they are read or not."""
        return [len(ids) for ids in self.model.tokenizer(list(texts))["input_ids"]]

    def reads_a_word(self, text: str) -> bool:
        """Whether a word of the text is in the vocabulary."""
        return reads_a_word(self.model.tokenizer, text, self.longest)

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """One batch of B crops -> their vectors [B, D]."""
        return self._encode(list(images))

    def texts(self, texts: Sequence[str]) -> Tensor:
        """One batch of B texts -> their vectors [B, D].

        Each is wrapped, because a bare string that looks like a path or an address would be opened.
        """
        return self._encode([{"text": text} for text in texts])

    def _encode(self, items: list[Any]) -> Tensor:
        vectors: Tensor = self.model.encode(
            items, batch_size=len(items), convert_to_tensor=True, show_progress_bar=False
        )
        return vectors


def _model_type(config: Path) -> str | None:
    if not config.is_file():
        return None
    content = parse_json(config.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ModelError(f"'{config}' is no table of settings: copy or download the model again.")
    return content.get("model_type")


def _longest(limit: int, model: Any) -> int:
    """How many tokens a model reads: many tokenizers do not know."""
    positions = model.config.get_text_config().to_dict().get("max_position_embeddings") if model else None
    return min(limit, positions or limit)
