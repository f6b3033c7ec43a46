"""How a model reads a benchmark: with one runtime throughout, and how much of the captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textreid.data.caption_length import remark_cut_captions
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.directions import IMAGE_TO_IMAGE
from textreid.types import ImageTextEncoder

if TYPE_CHECKING:
    from textreid.inference.encoder import Encoder


def settle(encoder: ImageTextEncoder, benchmark: Benchmark, directions: Sequence[str]) -> list[str]:
    """Fix the runtime of an encoder of textreid before it encodes a benchmark.

    Returns:
        What a reader of the numbers has to know, a sentence each.
    """
    own = _as_ours(encoder)
    if own is None:
        return []
    captions = [caption for crop in benchmark.gallery for caption in crop.captions]
    if not own.reads_text or set(directions) == {IMAGE_TO_IMAGE}:
        captions = []
    own.settle_runtime(images=len(benchmark.gallery), texts=len(captions))
    return list(cut_captions(own, captions))


def runtimes_of(encoder: ImageTextEncoder) -> dict[str, str]:
    """What runs "images" and "texts" of an encoder of textreid; nothing for another."""
    own = _as_ours(encoder)
    return {} if own is None else own.runtimes


def cut_captions(encoder: Encoder, captions: Sequence[str]) -> list[str]:
    """A sentence where captions are longer than the model reads; else none."""
    lengths = encoder.count_tokens(captions) if captions else []
    return list(remark_cut_captions(lengths, encoder.longest_text))


def _as_ours(encoder: ImageTextEncoder) -> Encoder | None:
    from textreid.inference.encoder import Encoder  # loads torch, so not before there is something to encode

    return encoder if isinstance(encoder, Encoder) else None
