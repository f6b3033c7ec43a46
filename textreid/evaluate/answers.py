"""What the labels of a benchmark promise, before anything is encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from textreid.errors import InputError
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.copies import count_copies
from textreid.evaluate.directions import IMAGE_TO_IMAGE, labels_of
from textreid.types import PersonCrop


@dataclass(frozen=True)
class CameraRule:
    """How far an image search leaves out what the query's own camera saw.

    Attributes:
        queries: how many there are.
        unknown_queries: of them name no camera.
        gallery: images in the gallery.
        unknown_gallery: of them name no camera.
    """

    queries: int
    unknown_queries: int
    gallery: int
    unknown_gallery: int

    @property
    def kept(self) -> Literal["whole", "partly", "not at all"]:
        """For how many pairs the rule holds: it needs both cameras."""
        if self.unknown_queries == self.queries or self.unknown_gallery == self.gallery:
            return "not at all"
        return "partly" if self.unknown_queries or self.unknown_gallery else "whole"

    def to_dict(self) -> dict[str, int | str]:
        """The JSON object under "camera_rule"."""
        return {
            "kept": self.kept,
            "queries_without_camera": self.unknown_queries,
            "gallery_without_camera": self.unknown_gallery,
        }


def camera_rule(benchmark: Benchmark) -> CameraRule:
    """Whether the cameras of an image search are known."""
    asked, searched = benchmark.queries or benchmark.gallery, benchmark.gallery
    return CameraRule(len(asked), _unknown(asked), len(searched), _unknown(searched))


def require_answers(benchmark: Benchmark, directions: Sequence[str]) -> None:
    """Refuse a benchmark on which nothing can be measured.

    Raises:
        InputError: no query of a direction has a right answer; it says why.
    """
    for direction in directions:
        counts = labels_of(benchmark, direction).count_answers()
        if not counts.answered:
            raise InputError(
                f"No query of {benchmark.dataset} {benchmark.split} has a right answer in its gallery."
                f" {counts.queries:,} queries: {counts.in_words or 'nobody asks'}.{_advice(benchmark)}"
            )


def caveats(benchmark: Benchmark, directions: Sequence[str]) -> Iterator[str]:
    """What a reader of the numbers has to know, a sentence each."""
    yield from benchmark.remarks
    if IMAGE_TO_IMAGE not in directions or benchmark.single_shot:
        return
    rule = camera_rule(benchmark)
    if rule.kept != "whole":
        yield (
            f"{rule.unknown_queries:,} of {rule.queries:,} queries and {rule.unknown_gallery:,} of"
            f" {rule.gallery:,} images of the gallery name no camera: the camera rule is kept {rule.kept}."
            " A pair of which one camera is not known counts as two cameras."
        )
    counts = labels_of(benchmark, IMAGE_TO_IMAGE).count_answers()
    if counts.distractors:
        yield f"{counts.distractors:,} queries are of person 0, whom no query asks for: they are left out."
    copies = count_copies(benchmark.queries or benchmark.gallery, benchmark.gallery)
    if copies:
        yield (
            f"{copies:,} queries lie in their own gallery, as the same file or a copy.{_advice(benchmark)}"
        )


def _unknown(crops: Sequence[PersonCrop]) -> int:
    return sum(crop.camera_id is None for crop in crops)


def _advice(benchmark: Benchmark) -> str:
    if benchmark.root is None:
        return ""
    return f" See: textreid doctor {benchmark.dataset} --root {benchmark.root}"
