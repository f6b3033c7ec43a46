"""Time and memory of one Market-1501-sized evaluation, beside an evaluator that sorts every row.

    python benchmarks/evaluation.py > benchmarks/results/evaluation.json

The features are synthetic (unit vectors around one centre a person), so the scores mean nothing; what counts
is that both evaluators agree on them, and how long each takes on the same machine in the same run.
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

from textreid.metrics.protocols import image_to_image
from textreid.metrics.ranking import cosine_scores

QUERIES, PERSONS, PICTURES, DISTRACTORS, CAMERAS, DIM = 3_368, 750, 13_115, 2_798, 6, 512


def market_sized(seed: int = 0) -> tuple[np.ndarray, ...]:
    """Queries and gallery as `image_to_image` takes them: vectors, person ids, cameras of each."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(PERSONS + DISTRACTORS, DIM)).astype(np.float32)
    query_ids = 1 + np.arange(QUERIES) % PERSONS
    gallery_ids = np.concatenate([1 + np.arange(PICTURES) % PERSONS, np.zeros(DISTRACTORS, np.int64)])
    centre_of = np.concatenate([np.arange(PICTURES) % PERSONS, PERSONS + np.arange(DISTRACTORS)])

    def unit(rows: np.ndarray) -> np.ndarray:
        vectors = centres[rows] + 2.3 * draw.normal(size=(len(rows), DIM)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return (
        *(unit(query_ids - 1), query_ids, draw.integers(1, 1 + CAMERAS, QUERIES)),
        *(unit(centre_of), gallery_ids, draw.integers(1, 1 + CAMERAS, len(gallery_ids))),
    )


def sort_every_row(
    queries, query_ids, query_cameras, gallery, gallery_ids, gallery_cameras
) -> dict[str, float]:
    """The definition as most evaluators run it: the full score matrix, and every row of it sorted."""
    scores = np.concatenate(
        list(cosine_scores(queries, gallery))
    )  # the same bits as ours, hence the same ties
    first, precision, penalty = [], [], []
    for row, person, camera in zip(scores, query_ids, query_cameras, strict=True):
        order = np.argsort(-row, kind="stable")
        own_view = (gallery_ids[order] == person) & (gallery_cameras[order] == camera)
        found = (gallery_ids[order] == person)[~own_view]
        if not found.any():
            continue
        places = np.flatnonzero(found) + 1
        first.append(places[0])
        precision.append(np.mean(np.arange(1, len(places) + 1) / places))
        penalty.append(len(places) / places[-1])
    return {
        **{f"R{k}": 100 * float(np.mean(np.array(first) <= k)) for k in (1, 5, 10)},
        "mAP": 100 * float(np.mean(precision)),
        "mINP": 100 * float(np.mean(penalty)),
    }


def seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return round(time.perf_counter() - began, 2)


def peak_mib(run: Callable[[], object]) -> int:
    """Most memory held at once beyond what was there before, measured in a run of its own."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 2**20)


def main() -> None:
    sides = market_sized()
    contenders: dict[str, Callable[[], object]] = {
        "textreid": lambda: image_to_image(*sides),
        "sorting every row": lambda: sort_every_row(*sides),
        "the scores alone": lambda: deque(cosine_scores(sides[0], sides[3]), maxlen=0),
        "textreid, re-ranked": lambda: image_to_image(*sides, rerank=True),
    }
    times = {name: seconds(run) for name, run in contenders.items()}
    ours, plain = image_to_image(*sides).percent, sort_every_row(*sides)
    report = {
        "command": "python benchmarks/evaluation.py",
        "size": {"queries": QUERIES, "gallery": PICTURES + DISTRACTORS, "dim": DIM},
        "machine": {"processor": platform.machine(), "cores": os.cpu_count(), "numpy": np.__version__},
        "metrics": {name: round(value, 4) for name, value in plain.items()},
        "largest_difference": max(abs(ours[name] - value) for name, value in plain.items()),
        "seconds": times,
        "times_faster": round(times["sorting every row"] / times["textreid"], 1),
        "peak_mib": {name: peak_mib(run) for name, run in contenders.items()},
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
