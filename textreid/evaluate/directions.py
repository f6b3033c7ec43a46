"""Who searches among whom: the directions that a benchmark can be measured in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from textreid.errors import InputError, UnknownNameError
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.encoding import Item, encode_images, encode_texts
from textreid.metrics.protocols import Search
from textreid.types import ImageTextEncoder, PersonCrop, ShowProgress

TEXT_TO_IMAGE, IMAGE_TO_TEXT, IMAGE_TO_IMAGE = "text_to_image", "image_to_text", "image_to_image"
DIRECTIONS = (TEXT_TO_IMAGE, IMAGE_TO_TEXT, IMAGE_TO_IMAGE)


@dataclass(frozen=True)
class Direction:
    """One direction of a benchmark, encoded.

    Attributes:
        search: vectors, persons and cameras.
        queries: what each query is.
        gallery: what each gallery item is.
        reranked: computes its scores with the model's matcher; None: it takes no part.
    """

    search: Search
    queries: Sequence[Item]
    gallery: Sequence[Item]
    reranked: Callable[[], Iterator[np.ndarray]] | None = None

    @property
    def across(self) -> bool:
        """Whether queries and gallery are of two modalities."""
        return (self.queries[0].caption is None) != (self.gallery[0].caption is None)


def choose_directions(benchmark: Benchmark, wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """The directions to measure: those wanted, or those that papers report of such a benchmark.

    Raises:
        UnknownNameError: no such direction.
        InputError: the benchmark has no captions.
    """
    for name in wanted:
        if name not in DIRECTIONS:
            raise UnknownNameError("direction", name, DIRECTIONS)
    if not any(crop.captions for crop in benchmark.gallery):
        if set(wanted) - {IMAGE_TO_IMAGE}:
            raise InputError(f"{benchmark.dataset} has no captions: leave --direction out.")
        return (IMAGE_TO_IMAGE,)
    usual = (IMAGE_TO_IMAGE,) if benchmark.queries else (TEXT_TO_IMAGE, IMAGE_TO_TEXT)
    return tuple(dict.fromkeys(wanted)) or usual


def encode_directions(
    encoder: ImageTextEncoder, benchmark: Benchmark, wanted: Sequence[str], show: ShowProgress
) -> dict[str, Direction]:
    """Encode what the wanted directions need, every image and caption once.

    Raises:
        InputError: images cannot be read; they are named.
        ModelError: the model was trained on images alone, and captions are wanted.
    """
    crops = benchmark.gallery
    across = bool({TEXT_TO_IMAGE, IMAGE_TO_TEXT} & set(wanted))
    if across:  # a model of images alone refuses a caption now, not after hours of images
        encoder.encode_texts(["a person"])
    what = "Images" if benchmark.leave_one_out else "Gallery"
    images, image_ids = encode_images(encoder, crops, what, show), person_ids(crops)
    image_items = [Item(crop) for crop in crops]
    caption_items = [Item(crop, caption) for crop in crops for caption in crop.captions]
    directions: dict[str, Direction] = {}
    if across:
        texts = encode_texts(encoder, [item.caption or "" for item in caption_items], show)
        text_ids = np.repeat(image_ids, [len(crop.captions) for crop in crops])
        forward, back = Search(texts, text_ids, images, image_ids), Search(images, image_ids, texts, text_ids)
        directions[TEXT_TO_IMAGE] = Direction(forward, caption_items, image_items)
        directions[IMAGE_TO_TEXT] = Direction(back, image_items, caption_items)
    if IMAGE_TO_IMAGE in wanted and benchmark.leave_one_out:
        own, cameras = np.arange(len(crops)), _cameras(crops)
        alone = Search(images, image_ids, images, image_ids, cameras, cameras, own)
        directions[IMAGE_TO_IMAGE] = Direction(alone, image_items, image_items)
    elif IMAGE_TO_IMAGE in wanted:
        queries = encode_images(encoder, benchmark.queries, "Queries", show)
        sides = (queries, person_ids(benchmark.queries), images, image_ids)
        asked = [Item(crop) for crop in benchmark.queries]
        search = Search(*sides, _cameras(benchmark.queries), _cameras(crops))
        directions[IMAGE_TO_IMAGE] = Direction(search, asked, image_items)
    return {name: directions[name] for name in wanted}


def encode_companions(
    encoder: ImageTextEncoder, benchmark: Benchmark, search: Search, show: ShowProgress
) -> Search:
    """The queries of an image search against the benchmark's own images for multi-query."""
    crops = benchmark.companions
    vectors = encode_images(encoder, crops, "More of each query", show)
    return Search(
        search.queries, search.query_ids, vectors, person_ids(crops), search.query_cameras, _cameras(crops)
    )


def person_ids(crops: Sequence[PersonCrop]) -> np.ndarray:
    """[N] int64, the data set's own numbers."""
    return np.array([crop.person_id for crop in crops], dtype=np.int64)


def _cameras(crops: Sequence[PersonCrop]) -> np.ndarray | None:
    """[N] int64; None where any image's camera is not known, so that no camera rule can be applied."""
    cameras = [crop.camera_id for crop in crops]
    return None if None in cameras else np.array(cameras, dtype=np.int64)
