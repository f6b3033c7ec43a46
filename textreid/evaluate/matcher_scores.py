"""The best images of each query, put into order by the model's matcher of that kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from textreid.evaluate.directions import IMAGE_TO_IMAGE, TEXT_TO_IMAGE, Direction
from textreid.evaluate.encoding import read_images
from textreid.inference.reranker import (
    image_matcher_of,
    read_query,
    require_image_matcher,
    require_matcher,
    rerank_rows,
)
from textreid.metrics.query_expansion import unit
from textreid.metrics.ranking import cosine_scores
from textreid.types import ImagePairScorer, ImageTextEncoder, PairScorer, ShowProgress


def find_matchers(
    encoder: ImageTextEncoder, directions: Sequence[str]
) -> Mapping[str, PairScorer | ImagePairScorer]:
    """Direction -> what re-ranks it, of those in which images are searched and the model has such a part.

    Raises:
        ModelError: it has it for none of them.
    """
    of = {TEXT_TO_IMAGE: encoder.matcher, IMAGE_TO_IMAGE: image_matcher_of(encoder)}
    found = {name: matcher for name in directions if (matcher := of.get(name)) is not None}
    if found:
        return found
    if TEXT_TO_IMAGE in directions:
        return {TEXT_TO_IMAGE: require_matcher(encoder)}
    return {IMAGE_TO_IMAGE: require_image_matcher(encoder)}


def with_matcher(
    matcher: PairScorer | ImagePairScorer, direction: Direction, top: int, show: ShowProgress
) -> Direction:
    """The direction, in which captions or images search images, with `reranked` scores.

    The tokens of all images stay in memory, in half precision: about 0.1 MB each for a ViT-B/16 of 384×128.

    Args:
        matcher: of the model, of the kind of the queries.
        direction: as encoded.
        top: how many images of each query are scored.
        show: called with the progress.

    Raises:
        InputError: images cannot be read.
    """
    crops = [item.crop for item in direction.gallery]
    batches = read_images(matcher.image_tokens, crops, "Images to match", show)
    image_tokens = [row for batch in batches for row in batch]

    def query_tokens() -> Iterator[np.ndarray]:
        photos = [query.crop for query in direction.queries if query.caption is None]
        read = read_images(matcher.image_tokens, photos, "Queries to match", show) if photos else []
        of_photos = (row for batch in read for row in batch)
        for done, query in enumerate(direction.queries, start=1):
            yield next(of_photos) if query.caption is None else read_query(matcher, query.caption)
            show("Queries matched", done, len(direction.queries))

    def reranked() -> Iterator[np.ndarray]:
        search = direction.search
        cosines = cosine_scores(search.queries, search.gallery)
        return rerank_rows(matcher, cosines, query_tokens(), image_tokens, unit(search.gallery), top)

    return replace(direction, reranked=reranked)
