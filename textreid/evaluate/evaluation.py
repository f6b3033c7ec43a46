"""One model measured on one benchmark."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from textreid.evaluate.answers import camera_rule, caveats, require_answers
from textreid.evaluate.benchmark import Benchmark
from textreid.evaluate.directions import (
    IMAGE_TO_IMAGE,
    Direction,
    choose_directions,
    encode_companions,
    encode_directions,
)
from textreid.evaluate.flip_test import FlipTest
from textreid.evaluate.groups import GroupsOf
from textreid.evaluate.matcher_scores import find_matchers, with_matcher
from textreid.evaluate.methods import Methods, check, improve, scores_of
from textreid.evaluate.reading import runtimes_of, settle
from textreid.metrics.breakdown import breakdown
from textreid.metrics.result import RetrievalResult
from textreid.metrics.search import Search
from textreid.metrics.single_shot import single_shot
from textreid.types import ImageTextEncoder, ShowProgress
from textreid_index import EncoderInfo

NOTHING_MORE = Methods()

Breakdown = Mapping[str, Mapping[str, RetrievalResult]]
"""Name of a division ("source") -> name of a group ("cam_a") -> what its queries measure."""


@dataclass(frozen=True)
class Evaluation:
    """One model measured on one benchmark.

    Attributes:
        benchmark: what it was measured on.
        encoder: name and fingerprint of what was measured.
        directions: "text_to_image", "image_to_text", "image_to_image" -> the result.
        plain: without multi-query, expansion, re-ranking and matcher, the directions that these concern.
        methods: what was done beyond the cosine of one vector a query.
        reranked: the directions in which a matcher took part.
        parts: direction -> division of the queries -> group -> result.
        encoded: direction -> the vectors it was measured with, and what they are of.
        notes: what a reader of the numbers has to know, a sentence each.
        runtimes: what ran "images" and "texts" throughout, such as "torch"; empty for other encoders.
    """

    benchmark: Benchmark
    encoder: EncoderInfo
    directions: Mapping[str, RetrievalResult]
    plain: Mapping[str, RetrievalResult] = field(default_factory=dict)
    methods: Methods = NOTHING_MORE
    reranked: frozenset[str] = frozenset()
    parts: Mapping[str, Breakdown] = field(default_factory=dict)
    encoded: Mapping[str, Direction] = field(default_factory=dict, compare=False, repr=False)
    notes: tuple[str, ...] = ()
    runtimes: Mapping[str, str] = field(default_factory=dict, compare=False)

    def methods_of(self, direction: str) -> Methods:
        """What of the methods concerns a direction."""
        return methods_of(self.methods, direction, self.reranked)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object that `textreid eval --json` prints."""
        differences = self.benchmark.differences
        printed: dict[str, Any] = {
            "dataset": self.benchmark.dataset,
            "split": self.benchmark.split,
            "model": self.encoder.name,
            "fingerprint": self.encoder.fingerprint,
            "counts": self.benchmark.counts,
            "official": None if differences is None else not differences,
            "methods": self.methods.names,
            **{name: result.to_dict() for name, result in self.directions.items()},
        }
        if self.benchmark.distractors:
            printed["distractors"] = self.benchmark.distractors
        if self.notes:
            printed["notes"] = list(self.notes)
        if self.runtimes:
            printed["runtime"] = dict(self.runtimes)
        if IMAGE_TO_IMAGE in self.directions and not self.benchmark.single_shot:
            printed["camera_rule"] = camera_rule(self.benchmark).to_dict()
        if self.plain:
            printed["plain"] = {name: result.to_dict() for name, result in self.plain.items()}
        if self.parts:
            printed["parts"] = {
                direction: {
                    division: {group: result.to_dict() for group, result in groups.items()}
                    for division, groups in divisions.items()
                }
                for direction, divisions in self.parts.items()
            }
        return printed


def evaluate(
    encoder: ImageTextEncoder,
    benchmark: Benchmark,
    *,
    methods: Methods = NOTHING_MORE,
    directions: Sequence[str] = (),
    by: Mapping[str, GroupsOf] | None = None,
    progress: ShowProgress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Measure an encoder by the protocol that the papers of a benchmark report.

    Args:
        encoder: the model.
        benchmark: searched by image where it has query images (Market-1501), else by caption, and by image
            for captions (CUHK-PEDES).
        methods: what the search does beyond the cosine; the results without it are then in `plain`.
        directions: "text_to_image", "image_to_text", "image_to_image"; empty: those that papers report.
        by: name -> division of the queries, to measure each group apart (`textreid.evaluate.groups`).
        progress: called with the progress.
        say: called with each of the notes, before anything is encoded.

    Raises:
        UnknownNameError: no such direction.
        InputError: images cannot be read (they are named), no query has a right answer, or the benchmark has
            not what a direction or method needs.
        ModelError: the model has no matcher, and it is asked for.
    """
    wanted = choose_directions(benchmark, directions)
    check(methods, benchmark, wanted)
    require_answers(benchmark, wanted)
    notes = (*caveats(benchmark, wanted), *settle(encoder, benchmark, wanted))
    for note in notes:
        say(note)
    show = progress or (lambda *_: None)
    matchers = find_matchers(encoder, wanted) if methods.rerank else {}
    measured, encoder = encoder, FlipTest(encoder) if methods.flip else encoder
    encoded = encode_directions(encoder, benchmark, wanted, show)
    if benchmark.single_shot:
        results = {name: _draw_galleries(direction.search) for name, direction in encoded.items()}
    else:
        results = {name: direction.search.result() for name, direction in encoded.items()}
    plain = {
        name: result for name, result in results.items() if methods_of(methods, name, matchers).change_search
    }
    for name in plain:
        direction = encoded[name]
        more = None
        if methods.multi_query and benchmark.companions:
            more = encode_companions(encoder, benchmark, direction.search, show)
        direction = replace(direction, search=improve(direction.search, methods, more))
        if name in matchers:
            direction = with_matcher(matchers[name], direction, methods.rerank, show)
        encoded[name] = direction
        results[name] = direction.search.result(scores_of(direction, methods))
    return Evaluation(
        benchmark,
        encoder.info,
        results,
        plain,
        methods,
        frozenset(matchers),
        _parts(results, encoded, by or {}),
        encoded,
        notes,
        runtimes_of(measured),
    )


def methods_of(methods: Methods, direction: str, reranked: Collection[str]) -> Methods:
    """The methods without a matcher, in a direction in which none takes part."""
    return methods if direction in reranked else replace(methods, rerank=0)


def _draw_galleries(search: Search) -> RetrievalResult:
    return single_shot(search.queries, search.query_ids, search.gallery, search.gallery_ids)


def _parts(
    results: Mapping[str, RetrievalResult], encoded: Mapping[str, Direction], by: Mapping[str, GroupsOf]
) -> dict[str, Breakdown]:
    if not by:
        return {}
    return {
        name: {
            division: breakdown(result, [groups(query) for query in encoded[name].queries])
            for division, groups in by.items()
        }
        for name, result in results.items()
    }
