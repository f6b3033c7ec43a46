"""Images and texts to unit vectors, whatever the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from textreid.catalog import find_model, find_on_disk, fingerprint
from textreid.errors import InputError, ModelError
from textreid.inference.adapters import ModelAdapter, load_adapter
from textreid.inference.calibration import Calibration
from textreid.inference.device import choose_device
from textreid.inference.old_names import OldEncoderNames
from textreid.inference.openvino import compile_for_cpu
from textreid.io.forked import one_thread_in_forks
from textreid.models.reading import reading_model
from textreid.types import ImagePairScorer, PairScorer
from textreid_index import EncoderInfo
from textreid_index.forks import follow_forks

LONGEST_TEXT = 100_000
"""Characters of a description; a model reads its first hundred words or so."""


class Encoder(OldEncoderNames):
    """The one way to turn images and texts into vectors; a `textreid.types.ImageTextEncoder`.

    In a process that was forked it is loaded anew when it is first used.

    Args:
        adapter: what encodes one batch.
        info: name, fingerprint (of weights, configuration, preprocessing and vocabulary) and dimension.
        folder: the model's, where its calibration is looked for.
        load: loads the adapter once more; None: a forked process goes on with this one.

    Example:
        >>> encoder = Encoder.load("pocket")  # doctest: +SKIP
        >>> encoder.encode_texts(["a woman in a red coat"]).shape  # doctest: +SKIP
        (1, 384)
    """

    def __init__(
        self,
        adapter: ModelAdapter,
        info: EncoderInfo,
        folder: Path | None = None,
        load: Callable[[], ModelAdapter] | None = None,
    ) -> None:
        self.info = info
        self.folder = folder
        self._adapters, self._load_anew = [adapter], load
        self._loading, self._inherited = Lock(), False
        one_thread_in_forks()
        follow_forks(self, in_child=Encoder._begin_anew)

    def _begin_anew(self) -> None:
        """In a forked process: have the model loaded anew, since threads and locks stay with the parent."""
        self._loading, self._inherited = Lock(), self._load_anew is not None

    @property
    def _adapter(self) -> ModelAdapter:
        if self._inherited:
            with self._loading:
                if self._inherited and self._load_anew is not None:
                    self._adapters.append(self._load_anew())  # what was inherited is never touched again
                    self._inherited = False
        return self._adapters[-1]

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
        return cls._load(*find_model(str(name)), device)

    @classmethod
    def load_known(cls, known: EncoderInfo, *, device: str = "auto") -> Encoder:
        """The model that a gallery names, from this disk alone: no hub is asked for what a file says.

        Args:
            known: of the gallery. Where several models go by the name, the one of its fingerprint is taken.
            device: as for `load`.

        Raises:
            InputError: the device cannot be used.
            ModelError: nothing on this disk has that name, or it is no usable model.
        """
        device = choose_device(device)
        folder = find_on_disk(known.name, known.fingerprint)
        if folder is None:
            raise ModelError(
                f"The gallery was made with the model '{known.name:.200}', which is not on this disk. Say"
                " which one that is: --model NAME, a listed model (textreid models), a folder or a hub id."
            )
        return cls._load(known.name, folder, device)

    @classmethod
    def _load(cls, name: str, folder: Path, device: str) -> Encoder:
        with reading_model(folder):
            adapter = load_adapter(folder, device)
            if device == "cpu":
                adapter = compile_for_cpu(adapter)
            info = EncoderInfo(name=name, fingerprint=fingerprint(folder), dim=_dimension(adapter))
        return cls(adapter, info, folder, lambda: load_adapter(folder, choose_device(device)))

    def encode_images(self, images: Sequence[Image.Image], *, batch_size: int = 64) -> np.ndarray:
        """Crops to [N, D] float32 of unit norm.

        Args:
            images: upright RGB images of one person each, any size.
            batch_size: how many at once.
        """
        return self._encode(self._adapter.images, list(images), batch_size)

    def encode_texts(self, texts: Sequence[str], *, batch_size: int = 64) -> np.ndarray:
        """Texts to [N, D] float32 of unit norm; a text is never read as a path or an address.

        Args:
            texts: descriptions.
            batch_size: how many at once; texts of similar length go together.

        Raises:
            InputError: a text is empty, endless, or no text.
            ModelError: the model was trained on images alone.
        """
        if not self.reads_text:
            raise ModelError(
                f"The model '{self.info.name}' was trained on images alone and reads no text: search with a"
                " photo (--image), or with another model (textreid models)."
            )
        for text in texts:
            _check_text(text)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        sorted_vectors = self._encode(self._adapter.texts, [texts[i] for i in order], batch_size)
        vectors = np.empty_like(sorted_vectors)
        vectors[order] = sorted_vectors
        return vectors

    def settle_runtime(self, *, images: int, texts: int) -> None:
        """Encode all that follows with one runtime, chosen at the first batch: for numbers to be compared.

        Args:
            images: how many are to come.
            texts: likewise.
        """
        self._adapter.settle(images=images, texts=texts)

    @property
    def runtimes(self) -> dict[str, str]:
        """What runs "images" and "texts" now, such as "torch"."""
        return self._adapter.runtimes

    @property
    def longest_text(self) -> int:
        """Tokens of a text that the model reads; it does not see the rest."""
        return self._adapter.longest

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, whether they are read or not."""
        return self._adapter.count_tokens(texts)

    def reads_a_word(self, text: str) -> bool:
        """Whether a word of the text is in the model's vocabulary; else its vector means nothing."""
        return self._adapter.reads_a_word(text)

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
        return self._adapter.reads_text

    @property
    def matcher(self) -> PairScorer | None:
        """What scores an image and a text together; None where the model has no such part."""
        return self._adapter.matcher

    @property
    def image_matcher(self) -> ImagePairScorer | None:
        """What scores two images together; None where the model has no such part."""
        return self._adapter.image_matcher

    def _encode(self, encode: Callable[[Any], Tensor], items: list[Any], batch_size: int) -> np.ndarray:
        if not items:
            return np.empty((0, self.info.dim), dtype=np.float32)
        with torch.inference_mode():
            batches = [
                torch.nn.functional.normalize(encode(items[start : start + batch_size]).float(), dim=1)
                .cpu()
                .numpy()
                for start in range(0, len(items), batch_size)
            ]
        return np.concatenate(batches)


def _check_text(text: str) -> None:
    if not text.strip():
        raise InputError('The description is empty. Say what the person looks like: "a man in a blue shirt".')
    if len(text) > LONGEST_TEXT:
        raise InputError(f"The description has {len(text):,} characters; it may have {LONGEST_TEXT:,}.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(
            "The description holds half a character, which no text has: type it again."
        ) from None


@torch.inference_mode()
def _dimension(adapter: ModelAdapter) -> int:
    """D, from an image and a text: what a damaged model cannot encode is better known now.

    Raises:
        ValueError: the two do not lie in one space, or are not finite.
    """
    tried = [adapter.images([Image.new("RGB", (64, 128))])]
    if adapter.reads_text:
        tried.append(adapter.texts(["a person"]))
    if len({vectors.shape[1] for vectors in tried}) > 1:
        raise ValueError("its images and its texts do not lie in one space.")
    if not all(vectors.isfinite().all() for vectors in tried):
        raise ValueError("its vectors are not finite.")
    return tried[0].shape[1]
