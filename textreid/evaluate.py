"""Run a published protocol: encode what a benchmark holds, and measure the ranking.

Every image and every caption of the split takes part: a benchmark that quietly dropped an unreadable image
would be another benchmark, so one is an error here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from PIL import Image

from textreid.benchmark import Benchmark
from textreid.errors import ImageError, InputError
from textreid.images import open_image
from textreid.metrics.protocols import RetrievalResult, image_to_image, image_to_text, text_to_image
from textreid.prefetch import prefetch
from textreid.types import PersonCrop
from textreid_index import EncoderInfo

BATCH = 256
NAMED = 20

T = TypeVar("T")

ShowProgress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and of how many."""


class JointEncoder(Protocol):
    """What is measured: anything that turns pictures and sentences into unit vectors of one space."""

    info: EncoderInfo

    def encode_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        """[N, D] float32, unit norm."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """[N, D] float32, unit norm."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """One model measured on one benchmark.

    Attributes:
        benchmark: what it was measured on.
        encoder: name and fingerprint of what was measured.
        directions: "text_to_image", "image_to_text", "image_to_image" -> the result.
    """

    benchmark: Benchmark
    encoder: EncoderInfo
    directions: Mapping[str, RetrievalResult]

    def to_dict(self) -> dict[str, object]:
        """The JSON object that `textreid eval --json` prints."""
        differences = self.benchmark.differences
        return {
            "dataset": self.benchmark.dataset,
            "split": self.benchmark.split,
            "model": self.encoder.name,
            "fingerprint": self.encoder.fingerprint,
            "counts": self.benchmark.counts,
            "official": None if differences is None else not differences,
            **{name: result.to_dict() for name, result in self.directions.items()},
        }


def evaluate(
    encoder: JointEncoder,
    benchmark: Benchmark,
    *,
    rerank: bool = False,
    progress: ShowProgress | None = None,
) -> Evaluation:
    """Measure an encoder by the protocol that the papers of a benchmark report.

    Args:
        encoder: the model.
        benchmark: searched by image where it has query images (Market-1501), else by caption, and by image
            for captions (CUHK-PEDES).
        rerank: k-reciprocal re-ranking of image searches; "before_rerank" then holds the result without it.
        progress: told how far it is.

    Raises:
        InputError: images cannot be read (they are named), no query has a right answer, or `rerank` is asked
            of a benchmark without query images.
    """
    show = progress or (lambda *_: None)
    if benchmark.queries:
        return Evaluation(benchmark, encoder.info, _by_image(encoder, benchmark, rerank, show))
    if rerank:
        raise InputError(
            f"Re-ranking is for image queries, and {benchmark.dataset} has none: leave --rerank out."
        )
    return Evaluation(benchmark, encoder.info, _by_text(encoder, benchmark, show))


def _by_text(encoder: JointEncoder, benchmark: Benchmark, show: ShowProgress) -> dict[str, RetrievalResult]:
    crops = benchmark.gallery
    captions = [caption for crop in crops for caption in crop.captions]
    image_ids = _persons(crops)
    text_ids = np.repeat(image_ids, [len(crop.captions) for crop in crops])
    images = _encode_images(encoder, crops, "Images", show)
    texts = _encode_texts(encoder, captions, show)
    return {
        "text_to_image": text_to_image(texts, text_ids, images, image_ids),
        "image_to_text": image_to_text(images, image_ids, texts, text_ids),
    }


def _by_image(
    encoder: JointEncoder, benchmark: Benchmark, rerank: bool, show: ShowProgress
) -> dict[str, RetrievalResult]:
    queries, gallery = benchmark.queries, benchmark.gallery
    sides = (
        *(_encode_images(encoder, queries, "Queries", show), _persons(queries), _cameras(queries)),
        *(_encode_images(encoder, gallery, "Gallery", show), _persons(gallery), _cameras(gallery)),
    )
    plain = image_to_image(*sides)
    if not rerank:
        return {"image_to_image": plain}
    return {"image_to_image": image_to_image(*sides, rerank=True), "before_rerank": plain}


def _persons(crops: Sequence[PersonCrop]) -> np.ndarray:
    return np.array([crop.person_id for crop in crops], dtype=np.int64)


def _cameras(crops: Sequence[PersonCrop]) -> np.ndarray:
    return np.array([crop.camera_id for crop in crops], dtype=np.int64)


def _encode_texts(encoder: JointEncoder, captions: Sequence[str], show: ShowProgress) -> np.ndarray:
    vectors = []
    for batch in _batches(captions):
        vectors.append(encoder.encode_texts(batch))
        show("Captions", sum(map(len, vectors)), len(captions))
    return np.concatenate(vectors)


def _encode_images(
    encoder: JointEncoder, crops: Sequence[PersonCrop], what: str, show: ShowProgress
) -> np.ndarray:
    """Encode every crop while a thread decodes the next; once one failed, only look for more that fail."""
    vectors: list[np.ndarray] = []
    unreadable: list[str] = []
    done = 0
    for pictures, failures in prefetch(map(_open, _batches(crops)), 2):
        unreadable += failures
        if not unreadable:
            vectors.append(encoder.encode_images(pictures))
        done += len(pictures) + len(failures)
        show(what, done, len(crops))
    if unreadable:
        more = [f"... and {len(unreadable) - NAMED} more"] if len(unreadable) > NAMED else []
        raise InputError(
            f"{len(unreadable)} of {len(crops)} images cannot be read, so nothing was measured; "
            "unpack the data set again.\n" + "\n".join(unreadable[:NAMED] + more)
        )
    return np.concatenate(vectors)


def _open(crops: Sequence[PersonCrop]) -> tuple[list[Image.Image], list[str]]:
    """The pictures that can be read, and a line for each that cannot."""
    pictures, failures = [], []
    for crop in crops:
        try:
            pictures.append(open_image(crop.image))
        except ImageError as error:
            failures.append(f"{crop.image}: {error}")
    return pictures, failures


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
