"""Time and memory of evaluation and re-ranking at the sizes of CUHK-PEDES and Market-1501, beside others'.

    python benchmarks/evaluation.py > benchmarks/results/evaluation.json

The features are synthetic (unit vectors around one centre a person), so the scores mean nothing; what counts
is that all evaluators agree on them, and how long each takes on the same machine in the same run. Ours starts
from the features; the others are given their matrix of distances, and its time is printed apart.
"""

from __future__ import annotations

import json
import os
import platform
import time
import tracemalloc
from collections import deque
from collections.abc import Callable

import numpy as np
import toolkits
import torch

from textreid.metrics import cosine_scores, image_to_image, reranked_scores, text_to_image

QUERIES, PERSONS, PICTURES, DISTRACTORS, CAMERAS, DIM = 3_368, 750, 13_115, 2_798, 6, 512
CAPTIONS, IMAGES, DESCRIBED = 6_156, 3_074, 1_000
SMALL = 4
"""Dense re-ranking is compared on a data set this many times smaller: the whole one takes some 10 GB."""


def market_sized(seed: int = 0, smaller: int = 1) -> tuple[np.ndarray, ...]:
    """Queries and gallery as `image_to_image` takes them: vectors, person ids, cameras of each."""
    draw = np.random.default_rng(seed)
    persons, distractors = PERSONS // smaller, DISTRACTORS // smaller
    pictures = np.arange(PICTURES // smaller) % persons
    query_ids = 1 + np.arange(QUERIES // smaller) % persons
    gallery_ids = np.concatenate([1 + pictures, np.zeros(distractors, np.int64)])
    centres = draw.normal(size=(persons + distractors, DIM)).astype(np.float32)
    centre_of = np.concatenate([pictures, persons + np.arange(distractors)])
    return (
        *(_around(centres[query_ids - 1], draw), query_ids, draw.integers(1, 1 + CAMERAS, len(query_ids))),
        *(_around(centres[centre_of], draw), gallery_ids, draw.integers(1, 1 + CAMERAS, len(gallery_ids))),
    )


def pedes_sized(seed: int = 0) -> tuple[np.ndarray, ...]:
    """Captions and images as `text_to_image` takes them."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(DESCRIBED, DIM)).astype(np.float32)
    text_ids, image_ids = np.arange(CAPTIONS) % DESCRIBED, np.arange(IMAGES) % DESCRIBED
    return _around(centres[text_ids], draw), text_ids, _around(centres[image_ids], draw), image_ids


def seconds(run: Callable[[], object], *, best_of: int = 1) -> float:
    """The shortest of some runs: the machine is shared."""
    times = []
    for _ in range(best_of):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return round(min(times), 3)


def peak_mib(run: Callable[[], object]) -> int:
    """Most memory held at once beyond what was there before, measured in a run of its own."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 2**20)


def market() -> dict[str, object]:
    """Image search at the size of Market-1501."""
    sides = market_sized()
    queries, query_ids, query_cameras, gallery, gallery_ids, gallery_cameras = sides
    scores = np.concatenate(list(cosine_scores(queries, gallery)))  # the same bits, hence the same ties
    labels = query_ids, gallery_ids, query_cameras, gallery_cameras
    others = {"Torchreid": toolkits.torchreid, "fast-reid": toolkits.fastreid}
    answers: dict[str, dict[str, float]] = {}

    def keep(name: str, run: Callable[[], dict[str, float]]) -> None:
        answers[name] = run()

    times = {
        "textreid": seconds(lambda: keep("textreid", lambda: image_to_image(*sides).percent), best_of=3),
        "the scores alone": seconds(lambda: deque(cosine_scores(queries, gallery), maxlen=0), best_of=3),
        "sorting every row alone": seconds(lambda: np.argsort(-scores, axis=1)),
    }
    for name, run in others.items():
        times[name] = seconds(lambda run=run, name=name: keep(name, lambda: run(-scores, labels)))
    return {
        "size": {"queries": len(queries), "gallery": len(gallery), "dim": DIM},
        **_compare(answers, times),
        "peak_mib": peak_mib(lambda: image_to_image(*sides)),
    }


def pedes() -> dict[str, object]:
    """Text search at the size of CUHK-PEDES."""
    texts, text_ids, images, image_ids = pedes_sized()
    scores = torch.from_numpy(np.concatenate(list(cosine_scores(texts, images))))
    ids = torch.from_numpy(text_ids), torch.from_numpy(image_ids)
    answers: dict[str, dict[str, float]] = {}

    def ours() -> None:
        answers["textreid"] = text_to_image(texts, text_ids, images, image_ids).percent

    def theirs() -> None:
        answers["IRRA"] = toolkits.irra(scores, *ids)

    times = {
        "textreid": seconds(ours, best_of=3),
        "the scores alone": seconds(lambda: deque(cosine_scores(texts, images), maxlen=0), best_of=3),
        "sorting every row alone": seconds(lambda: torch.argsort(scores, dim=1)),
        "IRRA": seconds(theirs),
    }
    return {
        "size": {"queries": len(texts), "gallery": len(images), "dim": DIM},
        **_compare(answers, times),
        "peak_mib": peak_mib(ours),
    }


def rerank() -> dict[str, object]:
    """k-reciprocal re-ranking: dense and ours on a smaller set, ours alone at the size of Market-1501."""
    small, whole = market_sized(smaller=SMALL), market_sized()
    kept: dict[str, np.ndarray] = {}

    def dense() -> None:
        kept["dense"] = 1 - toolkits.dense_rerank(small[0], small[3])

    def sparse() -> None:
        kept["textreid"] = np.concatenate(list(reranked_scores(small[0], small[3])))

    def full() -> None:
        deque(reranked_scores(whole[0], whole[3]), maxlen=0)

    times = {"dense": seconds(dense), "textreid": seconds(sparse, best_of=2)}
    memory = {"dense": peak_mib(dense), "textreid": peak_mib(sparse)}
    return {
        "smaller": {
            "size": {"queries": len(small[0]), "gallery": len(small[3]), "dim": DIM},
            "seconds": times,
            "peak_mib": memory,
            "times_faster": round(times["dense"] / times["textreid"], 1),
            "largest_difference": float(np.abs(kept["dense"] - kept["textreid"]).max()),
        },
        "size": {"queries": QUERIES, "gallery": PICTURES + DISTRACTORS, "dim": DIM},
        "seconds": seconds(full),
        "peak_mib": peak_mib(full),
    }


def main() -> None:
    report = {
        "command": "python benchmarks/evaluation.py",
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "numpy": np.__version__,
            "torch": torch.__version__,
        },
        "market1501": market(),
        "cuhk-pedes": pedes(),
        "re-ranking": rerank(),
    }
    print(json.dumps(report, indent=2))


def _around(centres: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    vectors = centres + 2.3 * draw.normal(size=centres.shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _compare(answers: dict[str, dict[str, float]], times: dict[str, float]) -> dict[str, object]:
    """Times, ratios to ours, and how far the answers are apart."""
    ours = answers["textreid"]
    return {
        "metrics": {name: round(value, 4) for name, value in ours.items()},
        "largest_difference": {
            name: max(abs(ours[metric] - value) for metric, value in theirs.items())
            for name, theirs in answers.items()
            if name != "textreid"
        },
        "seconds": times,
        "times_faster": {
            name: round(value / times["textreid"], 1)
            for name, value in times.items()
            if name not in ("textreid", "the scores alone")
        },
    }


if __name__ == "__main__":
    main()
