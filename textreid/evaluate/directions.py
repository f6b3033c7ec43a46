"""Who searches among whom: the directions that a benchmark can be measured in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from textreid.data.image_labels import camera_ids, image_labels, person_ids
from textreid.errors import InputError, UnknownNameError
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.encoding import Item, encode_images, encode_texts
from textreid.metrics.labels import Labels
from textreid.metrics.search import Search
from textreid.types import ImageTextEncoder, ShowProgress

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


def direction_of(benchmark: Benchmark, *, reads_text: bool) -> str:
    """What validation measures: a search by captions, or by images where split or model has no text."""
    described = any(crop.captions for crop in benchmark.gallery)
    return TEXT_TO_IMAGE if reads_text and described else IMAGE_TO_IMAGE


def labels_of(benchmark: Benchmark, direction: str) -> Labels:
    """Who is a right answer in a direction, as the annotations say it; no image is opened."""
    persons = person_ids(benchmark.gallery)
    texts = np.repeat(persons, [len(crop.captions) for crop in benchmark.gallery])
    if direction == TEXT_TO_IMAGE:
        return Labels(texts, persons)
    if direction == IMAGE_TO_TEXT:
        return Labels(persons, texts)
    if benchmark.single_shot:  # queries and gallery are two cameras
        return Labels(person_ids(benchmark.queries), persons)
    return image_labels(benchmark.queries, benchmark.gallery)


def encode_directions(
    encoder: ImageTextEncoder, benchmark: Benchmark, wanted: Sequence[str], show: ShowProgress
) -> dict[str, Direction]:
    """Encode what the wanted directions need, every image and caption once.

    Raises:
        InputError: images cannot be read; they are named.
        ModelError: the model was trained on images alone, and captions are wanted.
    """
    crops = benchmark.gallery
    if {TEXT_TO_IMAGE, IMAGE_TO_TEXT} & set(wanted):  # a model of images alone refuses a caption now
        encoder.encode_texts(["a person"])
    images = encode_images(encoder, crops, "Images" if benchmark.leave_one_out else "Gallery", show)
    image_items = [Item(crop) for crop in crops]
    queries, query_items = images, image_items
    texts, text_items = images, image_items
    if {TEXT_TO_IMAGE, IMAGE_TO_TEXT} & set(wanted):
        text_items = [Item(crop, caption) for crop in crops for caption in crop.captions]
        texts = encode_texts(encoder, [item.caption or "" for item in text_items], show)
    if IMAGE_TO_IMAGE in wanted and not benchmark.leave_one_out:
        query_items = [Item(crop) for crop in benchmark.queries]
        queries = encode_images(encoder, benchmark.queries, "Queries", show)
    sides = {
        TEXT_TO_IMAGE: ((texts, text_items), (images, image_items)),
        IMAGE_TO_TEXT: ((images, image_items), (texts, text_items)),
        IMAGE_TO_IMAGE: ((queries, query_items), (images, image_items)),
    }
    directions = {}
    for name in wanted:
        (asking, asking_items), (searched, searched_items) = sides[name]
        search = Search.of(labels_of(benchmark, name), asking, searched)
        directions[name] = Direction(search, asking_items, searched_items)
    return directions


def encode_companions(
    encoder: ImageTextEncoder, benchmark: Benchmark, search: Search, show: ShowProgress
) -> Search:
    """The queries of an image search against the benchmark's own images for multi-query."""
    crops = benchmark.companions
    labels = replace(search.labels, gallery_ids=person_ids(crops), gallery_cameras=camera_ids(crops))
    vectors = encode_images(encoder, crops, "More of each query", show)
    return Search.of(labels, search.queries, vectors)
