"""Pictures and sentences to unit vectors, whatever the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor

from textreid.catalog import find_model, fingerprint
from textreid.errors import InputError, ModelError
from textreid.inference.adapters import Towers, TransformersTowers, load_towers
from textreid.inference.calibration import Calibration
from textreid.inference.openvino import compiled
from textreid_index import EncoderInfo

BROKEN = (
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
    ImportError,
    TypeError,
    AttributeError,
    SafetensorError,
)
"""What the libraries raise for a damaged folder, or one whose files do not belong together."""


class Encoder:
    """The one way to turn pictures and sentences into vectors.

    Args:
        towers: what encodes one batch.
        info: name, fingerprint (of weights, configuration, preprocessing and vocabulary) and dimension.
        folder: the model's, where its calibration is looked for.

    Example:
        >>> encoder = Encoder.load("pocket")  # doctest: +SKIP
        >>> encoder.encode_texts(["a woman in a red coat"]).shape  # doctest: +SKIP
        (1, 384)
    """

    def __init__(self, towers: Towers, info: EncoderInfo, folder: Path | None = None) -> None:
        self._towers = towers
        self.info = info
        self.folder = folder

    @classmethod
    def load(cls, name: str | Path = "pocket", *, device: str = "auto") -> Encoder:
        """A model by name, folder or hub id; weights are read from safetensors only.

        Args:
            name: a name that `textreid models` lists; a folder in the layout of transformers (a joint model
                of textreid, CLIP, SigLIP and their kin) or of sentence-transformers (with text and image
                modalities); or a hub id of such a model.
            device: "auto", "cpu", "cuda", "cuda:1", "mps".

        Raises:
            UnknownNameError: nothing has that name.
            InputError: the device cannot be used.
            ModelError: the folder holds no usable model.
        """
        device = choose_device(device)
        name, folder = find_model(str(name))
        try:
            towers = load_towers(folder, device)
            if device == "cpu":
                towers = compiled(towers)
            dim = _dimension(towers)
        except BROKEN as error:
            raise ModelError(f"Cannot load the model in '{folder}': {error}") from error
        return cls(towers, EncoderInfo(name=name, fingerprint=fingerprint(folder), dim=dim), folder)

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
            ModelError: the model was trained on images alone.
        """
        if not self.reads_text:
            raise ModelError(
                f"The model '{self.info.name}' was trained on images alone and reads no text: search with a"
                " photo (--image), or with another model (textreid models)."
            )
        if any(not text.strip() for text in texts):
            raise InputError(
                'The description is empty. Say what the person looks like: "a man in a blue shirt".'
            )
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        sorted_vectors = self._encode(self._towers.texts, [texts[i] for i in order], batch_size)
        vectors = np.empty_like(sorted_vectors)
        vectors[order] = sorted_vectors
        return vectors

    @cached_property
    def calibration(self) -> Calibration | None:
        """What the scores mean, where that was measured (`textreid calibrate`).

        Raises:
            ModelError: the model's calibration is damaged, or belongs to other weights.
        """
        return Calibration.read(self.folder, self.info.fingerprint) if self.folder else None

    @property
    def reads_text(self) -> bool:
        """Whether the model can `encode_texts`."""
        return self._towers.reads_text

    @property
    def has_matcher(self) -> bool:
        """Whether the model can `match`."""
        return getattr(self._towers, "has_matcher", False)

    @property
    def say(self) -> float:
        """How much cosine one unit of the logits of `match` is worth where both put hits into order.

        Raises:
            ModelError: the model has no matcher.
        """
        return self._matching_towers().say

    def match(self, text: str, images: Sequence[Image.Image]) -> np.ndarray:
        """[N] float32 logits that the sentence describes each picture, read from both together.

        Args:
            text: a description.
            images: upright RGB pictures of one person each, any size.

        Raises:
            ModelError: the model has no matcher.
        """
        return self.matching(text)(self.image_tokens(images))

    def image_tokens(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> list[np.ndarray]:
        """[L, C] float16 for each picture: what `matching` reads of it, to be computed once.

        Args:
            images: upright RGB pictures of one person each, any size.
            batch_size: how many at once.

        Raises:
            ModelError: the model has no matcher.
        """
        towers = self._matching_towers()
        with torch.inference_mode():
            return [
                tokens
                for start in range(0, len(images), batch_size)
                for tokens in towers.image_tokens(images[start : start + batch_size]).half().cpu().numpy()
            ]

    def matching(self, text: str) -> Callable[[Sequence[np.ndarray]], np.ndarray]:
        """How well pictures match a sentence, which is read once: N `image_tokens` -> [N] float32 logits.

        Raises:
            ModelError: the model has no matcher.
        """
        with torch.inference_mode():
            match = self._matching_towers().matching(text)

        def logits(tokens: Sequence[np.ndarray]) -> np.ndarray:
            if not len(tokens):
                return np.empty(0, np.float32)
            with torch.inference_mode():
                return match(torch.from_numpy(np.stack(tokens))).cpu().numpy()

        return logits

    def _matching_towers(self) -> TransformersTowers:
        if not self.has_matcher:
            raise ModelError(
                f"The model '{self.info.name}' has no matcher: train one with a [model.matcher] table."
            )
        return cast("TransformersTowers", self._towers)

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


@torch.inference_mode()
def _dimension(towers: Towers) -> int:
    """D, from a picture and a sentence: what a damaged model cannot encode is better known now.

    Raises:
        ModelError: the two do not lie in one space.
    """
    dim = towers.images([Image.new("RGB", (64, 128))]).shape[1]
    if towers.reads_text and towers.texts(["a person"]).shape[1] != dim:
        raise ModelError("its pictures and its sentences do not lie in one space.")
    return dim


def choose_device(device: str) -> str:
    """The device itself, or for "auto" a GPU where there is one.

    Raises:
        InputError: there is no such device.
    """
    if device == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch built without CUDA asserts
        reason = str(error).splitlines()[0]
        raise InputError(f"The device '{device}' cannot be used; try --device cpu. {reason}") from error
    return device
