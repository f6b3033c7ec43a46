"""Run a published protocol on a data set in its official layout.

Every image and every caption of the split takes part: a benchmark that quietly dropped an unreadable image
would be another benchmark, so one is an error here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from PIL import Image
from textreid_index import EncoderInfo

from textreid.data import datasets
from textreid.errors import ImageError, InputError, UnknownNameError
from textreid.images import open_image
from textreid.metrics.protocols import (
    DISTRACTOR,
    JUNK,
    RetrievalResult,
    image_to_image,
    image_to_text,
    text_to_image,
)
from textreid.prefetch import prefetch
from textreid.types import PersonCrop

OFFICIAL_COUNTS: dict[tuple[str, str], dict[str, int]] = {
    ("cuhk-pedes", "train"): {"images": 34_054, "captions": 68_126, "persons": 11_003},
    ("cuhk-pedes", "val"): {"images": 3_078, "captions": 6_158, "persons": 1_000},
    ("cuhk-pedes", "test"): {"images": 3_074, "captions": 6_156, "persons": 1_000},
    ("market1501", "test"): {"queries": 3_368, "gallery": 15_913, "persons": 750},
}
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
    """One model measured on one split.

    Attributes:
        dataset: such as "cuhk-pedes".
        split: such as "test".
        model: name of the encoder.
        fingerprint: of the encoder's weights.
        directions: "text_to_image", "image_to_text", "image_to_image" -> what was measured.
        counts: what the split holds: images, captions, persons, ...
    """

    dataset: str
    split: str
    model: str
    fingerprint: str
    directions: Mapping[str, RetrievalResult]
    counts: dict[str, int]

    @property
    def official(self) -> bool | None:
        """Whether the counts are those of the published split; None where those are not known."""
        published = OFFICIAL_COUNTS.get((self.dataset, self.split))
        return None if published is None else published.items() <= self.counts.items()

    def to_dict(self) -> dict[str, object]:
        """The JSON object that `textreid eval --json` prints."""
        return {
            "dataset": self.dataset,
            "split": self.split,
            "model": self.model,
            "fingerprint": self.fingerprint,
            "counts": self.counts,
            "official": self.official,
            **{name: result.to_dict() for name, result in self.directions.items()},
        }


def evaluate(
    encoder: JointEncoder,
    dataset: str,
    root: str | Path,
    *,
    split: str = "test",
    rerank: bool = False,
    progress: ShowProgress | None = None,
) -> Evaluation:
    """Measure an encoder on a data set by the protocol that its papers report.

    A data set with query and gallery splits (Market-1501) is searched image by image; its split is "test".
    Any other (CUHK-PEDES) is searched by caption, and by image for captions.

    Args:
        encoder: the model.
        dataset: a name of `textreid.data.datasets.names()`.
        root: the folder that holds the data set's own folder, or that folder itself.
        split: "train", "val" or "test".
        rerank: k-reciprocal re-ranking of image searches; "before_rerank" then holds the result without it.
        progress: told how far it is.

    Raises:
        UnknownNameError: no such data set or split.
        InputError: the folder is not in the official layout, images cannot be read (each is named), no query
            has a right answer, or `rerank` is asked of a data set without image queries.
        AnnotationError: a malformed row, named by file, row and key.
    """
    show = progress or (lambda *_: None)
    by_image = "query" in datasets.splits(dataset)
    if rerank and not by_image:
        raise InputError(f"Re-ranking is for image queries, and {dataset} has none: leave --rerank out.")
    if by_image and split != "test":
        raise UnknownNameError(f"split to evaluate of {dataset}", split, ["test"])
    if by_image:
        directions, counts = _by_image(encoder, dataset, root, rerank, show)
    else:
        directions, counts = _by_text(encoder, dataset, root, split, show)
    return Evaluation(dataset, split, encoder.info.name, encoder.info.fingerprint, directions, counts)


def _by_text(
    encoder: JointEncoder, dataset: str, root: str | Path, split: str, show: ShowProgress
) -> tuple[dict[str, RetrievalResult], dict[str, int]]:
    crops = datasets.load(dataset, root, split)
    captions = [caption for crop in crops for caption in crop.captions]
    image_ids = _persons(crops)
    text_ids = np.repeat(image_ids, [len(crop.captions) for crop in crops])
    images = _encode_images(encoder, crops, "Images", show)
    texts = _encode_texts(encoder, captions, show)
    directions = {
        "text_to_image": text_to_image(texts, text_ids, images, image_ids),
        "image_to_text": image_to_text(images, image_ids, texts, text_ids),
    }
    counts = {"images": len(crops), "captions": len(captions), "persons": len(set(image_ids.tolist()))}
    return directions, counts


def _by_image(
    encoder: JointEncoder, dataset: str, root: str | Path, rerank: bool, show: ShowProgress
) -> tuple[dict[str, RetrievalResult], dict[str, int]]:
    queries = datasets.load(dataset, root, "query")
    everything = datasets.load(dataset, root, "gallery")
    gallery = [crop for crop in everything if crop.person_id != JUNK]
    sides = (
        *(_encode_images(encoder, queries, "Queries", show), _persons(queries), _cameras(queries)),
        *(_encode_images(encoder, gallery, "Gallery", show), _persons(gallery), _cameras(gallery)),
    )
    directions = {"image_to_image": image_to_image(*sides, rerank=rerank)}
    if rerank:
        directions["before_rerank"] = image_to_image(*sides)
    counts = {
        "queries": len(queries),
        "gallery": len(gallery),
        "persons": len({crop.person_id for crop in queries}),
        "distractors": sum(crop.person_id == DISTRACTOR for crop in gallery),
        "junk": len(everything) - len(gallery),
    }
    return directions, counts


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
