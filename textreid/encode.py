"""Pictures and sentences to unit vectors, whatever the model: ours, CLIP-like ones, sentence-transformers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from textreid_index import EncoderInfo
from torch import Tensor

from textreid.catalog import find_model
from textreid.errors import InputError, ModelError

FINGERPRINTED = ("*.json", "*.safetensors", "vocab.txt", "merges.txt", "*.model")


class Towers(Protocol):
    """Two functions into one space; rows need not be normalised yet."""

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, D] float32."""
        ...

    def texts(self, texts: Sequence[str]) -> Tensor:
        """[B, D] float32."""
        ...


class Encoder:
    """The one way to turn pictures and sentences into vectors.

    Args:
        towers: what encodes one batch.
        info: name, fingerprint (of weights, configuration, preprocessing and vocabulary) and dimension.

    Example:
        >>> encoder = Encoder.load("pocket")  # doctest: +SKIP
        >>> encoder.encode_texts(["a woman in a red coat"]).shape  # doctest: +SKIP
        (1, 384)
    """

    def __init__(self, towers: Towers, info: EncoderInfo) -> None:
        self._towers = towers
        self.info = info

    @classmethod
    def load(cls, name: str | Path = "pocket", *, device: str = "auto") -> Encoder:
        """A model by name, folder or hub id; weights are read from safetensors only.

        Args:
            name: a name that `textreid models` lists; a folder in the layout of transformers (a joint model of
                textreid, CLIP, SigLIP and their kin) or of sentence-transformers (with text and image modalities); or
                a hub id of such a model.
            device: "auto", "cpu", "cuda", "cuda:1", "mps".

        Raises:
            UnknownNameError: nothing has that name.
            ModelError: the folder holds no usable model.
        """
        folder = find_model(str(name))
        device = _device(device)
        try:
            towers = _load_towers(folder, device)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise ModelError(f"Cannot load the model in '{folder}': {error}") from error
        with torch.inference_mode():
            dim = towers.texts(["a person"]).shape[1]
        return cls(towers, EncoderInfo(name=str(name), fingerprint=fingerprint(folder), dim=dim))

    def encode_images(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> np.ndarray:
        """Person crops to [N, D] float32 of unit norm.

        Args:
            images: upright RGB pictures of one person each, any size.
            batch_size: how many at once.
        """
        return self._encode(self._towers.images, list(images), batch_size)

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
        """Sentences to [N, D] float32 of unit norm; a sentence is never read as a path or an address.

        Args:
            texts: descriptions.
            batch_size: how many at once; sentences of similar length go together.

        Raises:
            InputError: a sentence is empty.
        """
        if any(not text.strip() for text in texts):
            raise InputError(
                'The description is empty. Say what the person looks like: "a man in a blue shirt".'
            )
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        sorted_vectors = self._encode(self._towers.texts, [texts[i] for i in order], batch_size)
        vectors = np.empty_like(sorted_vectors)
        vectors[order] = sorted_vectors
        return vectors

    def _encode(self, tower: Callable[[Any], Tensor], items: list[Any], batch_size: int) -> np.ndarray:
        if not items:
            return np.empty((0, self.info.dim), dtype=np.float32)
        with torch.inference_mode():
            batches = [
                torch.nn.functional.normalize(tower(items[start : start + batch_size]).float(), dim=1)
                .cpu()
                .numpy()
                for start in range(0, len(items), batch_size)
            ]
        return np.concatenate(batches)


class TransformersTowers:
    """A model of transformers with `get_image_features` and `get_text_features`, and its processor.

    Args:
        model: in evaluation mode.
        processor: with an image processor and a tokenizer.
        device: where to run.
    """

    def __init__(self, model: Any, processor: Any, device: str) -> None:
        self.model, self.processor, self.device = model.to(device), processor, device
        # SigLIP reads its sentence from the last position of a fixed length; the others mask their padding.
        self.padding = "max_length" if model.config.model_type.startswith("siglip") else "longest"

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, D]."""
        inputs = self.processor.image_processor(images=list(images), return_tensors="pt")
        return self.model.get_image_features(
            pixel_values=inputs["pixel_values"].to(self.device)
        ).pooler_output

    def texts(self, texts: Sequence[str]) -> Tensor:
        """[B, D]."""
        inputs = self.processor.tokenizer(
            list(texts), padding=self.padding, truncation=True, return_tensors="pt"
        ).to(self.device)
        wanted = {key: inputs[key] for key in ("input_ids", "attention_mask") if key in inputs}
        return self.model.get_text_features(**wanted).pooler_output


class SentenceTransformerTowers:
    """A multimodal model of sentence-transformers."""

    def __init__(self, folder: Path, device: str) -> None:
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(folder), device=device, model_kwargs={"use_safetensors": True})
        if not {"text", "image"} <= set(self.model.modalities):
            raise ModelError(
                f"'{folder}' encodes {', '.join(self.model.modalities)}; a search needs text and image."
            )

    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """[B, D]."""
        return self.model.encode(list(images), convert_to_tensor=True, show_progress_bar=False)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """[B, D]; wrapped, because a bare string that looks like a path or address would be opened."""
        wrapped = [{"text": text} for text in texts]
        return self.model.encode(wrapped, convert_to_tensor=True, show_progress_bar=False)


def fingerprint(folder: Path) -> str:
    """16 hexadecimal digits of the SHA-256 over all files that decide what vectors a model gives."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in FINGERPRINTED for path in folder.rglob(pattern)}):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _load_towers(folder: Path, device: str) -> Towers:
    from transformers import AutoModel, AutoProcessor

    import textreid.models  # noqa: F401  (registers the joint model with transformers)

    config = json.loads((folder / "config.json").read_text()) if (folder / "config.json").is_file() else {}
    if (folder / "modules.json").is_file() and config.get("model_type") != "textreid":
        return SentenceTransformerTowers(folder, device)
    model = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32).eval()
    if not (hasattr(model, "get_image_features") and hasattr(model, "get_text_features")):
        raise ModelError(
            f"'{folder}' is a {config.get('model_type')} model; a search needs one for text and images."
        )
    return TransformersTowers(model, AutoProcessor.from_pretrained(folder), device)


def _device(device: str) -> str:
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
