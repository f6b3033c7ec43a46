"""Adding to a gallery and searching it, beside the plain ways to do the same.

    python benchmarks/gallery.py > benchmarks/results/gallery.json

The vectors are random: exhaustive search does the same work whatever they are. Every answer is compared with
the plain one before its time counts. "loop" scores one person after another in Python, "numpy" is a matrix
product and a full sort of vectors that already lie in memory.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from textreid_index import Embeddings, EncoderInfo, Gallery, Record, Where

PEOPLE, DIM, K, BATCH = 100_000, 384, 20, 64
THUMBNAIL_BYTES = 4_000
ENCODER = EncoderInfo("random", "0", DIM)


def embed(prefix: str, count: int, seed: int) -> Embeddings:
    rows = np.random.default_rng(seed).standard_normal((count, DIM), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Embeddings(tuple(f"{prefix}{number:06}" for number in range(count)), rows, ENCODER)


def part(embeddings: Embeddings, start: int, stop: int) -> Embeddings:
    return Embeddings(embeddings.ids[start:stop], embeddings.vectors[start:stop], ENCODER)


def milliseconds(work: Callable[[], object], times: int = 25) -> float:
    """The best of some runs, the one least disturbed by whatever else the machine does."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(1000 * min(taken), 2)


def fill(folder: Path, people: Embeddings) -> dict[str, float]:
    thumbnail = os.urandom(THUMBNAIL_BYTES)
    start = time.perf_counter()
    with Gallery.open(folder, create=True) as gallery:
        for first in range(0, PEOPLE, BATCH):
            batch = part(people, first, min(first + BATCH, PEOPLE))
            records = [Record(id, f"photos/{id}.jpg", camera=f"c{int(id[1:]) % 6}") for id in batch.ids]
            gallery.add(records, batch, [thumbnail] * len(records))
        seconds = time.perf_counter() - start
        size = gallery.stats().bytes
    payload = PEOPLE * (4 * DIM + THUMBNAIL_BYTES)
    return {"people_per_second": round(PEOPLE / seconds), "bytes_per_payload_byte": round(size / payload, 2)}


def search(
    folder: Path, backend: str, queries: Embeddings, expected: list[tuple[str, ...]]
) -> dict[str, float]:
    with Gallery.open(folder, backend=backend) as gallery:
        start = time.perf_counter()
        assert [hits.ids for hits in gallery.search(queries, K)] == expected
        first = round(1000 * (time.perf_counter() - start), 1)
        one, where = part(queries, 0, 1), Where(camera="c1")
        return {
            "first_search_ms": first,
            "one_query_ms": milliseconds(lambda: gallery.search(one, K)),
            "one_query_one_camera_ms": milliseconds(lambda: gallery.search(one, K, where)),
            f"{BATCH}_queries_ms": milliseconds(lambda: gallery.search(queries, K), times=15),
        }


def plain_numpy(people: Embeddings, queries: np.ndarray) -> list[tuple[str, ...]]:
    order = np.argsort(-(queries @ people.vectors.T), axis=1, kind="stable")[:, :K]
    return [tuple(people.ids[row] for row in rows) for rows in order]


def plain_loop(people: Embeddings, query: np.ndarray) -> list[str]:
    scored = [(float(vector @ query), id) for id, vector in zip(people.ids, people.vectors, strict=True)]
    return [id for _, id in sorted(scored, reverse=True)[:K]]


def main() -> None:
    people, queries = embed("p", PEOPLE, 0), embed("q", BATCH, 1)
    expected = plain_numpy(people, queries.vectors)
    assert tuple(plain_loop(people, queries.vectors[0])) == expected[0]
    with tempfile.TemporaryDirectory() as folder:
        adding = fill(Path(folder) / "gallery", people)
        backends = {
            name: search(Path(folder) / "gallery", name, queries, expected) for name in ("exact", "flat")
        }
        with Gallery.open(Path(folder) / "gallery") as gallery:
            start = time.perf_counter()
            gallery.delete(people.ids[:100])
            deleting = round(time.perf_counter() - start, 2)
    scan = np.empty_like(people.vectors)
    plain = {
        "copy_of_all_vectors_ms": milliseconds(lambda: np.copyto(scan, people.vectors)),
        "loop_one_query_ms": milliseconds(lambda: plain_loop(people, queries.vectors[0]), times=3),
        "numpy_one_query_ms": milliseconds(lambda: plain_numpy(people, queries.vectors[:1])),
        f"numpy_{BATCH}_queries_ms": milliseconds(lambda: plain_numpy(people, queries.vectors), times=3),
    }
    report = {
        "people": PEOPLE,
        "dim": DIM,
        "k": K,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "adding": adding,
        "deleting_100_seconds": deleting,
        **backends,
        "plain": plain,
        "loop_over_flat": round(plain["loop_one_query_ms"] / backends["flat"]["one_query_ms"], 1),
        "exact_over_flat_batch": round(
            backends["exact"][f"{BATCH}_queries_ms"] / backends["flat"][f"{BATCH}_queries_ms"], 1
        ),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
