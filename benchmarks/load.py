"""Many searches over HTTP: at once, and beside a program that adds people.

    python benchmarks/load.py > benchmarks/results/load.json

A server (`textreid serve`) stands over drawn people, with the built-in model and its matcher. 40 clients send
1,000 descriptions, none twice: alone, while another program commits 20 ready vectors every 0.2 s, and alone
again, all in one run; the ratio is that of the slowest hundredth (p99). Then 1,000 are sent at the same
moment: each is answered, or refused at once with the time after which it is worth asking again.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from textreid_index import Embeddings, Gallery, Record

SEARCHES, AT_ONCE = 1000, 40
COMMITTED, EVERY = 20, 0.2
COLOURS = ("red", "blue", "green", "black", "white", "grey", "yellow", "brown", "pink", "orange")
TEXTS = [
    f"a {sex} in a {upper} {garment} and {lower} {trousers}"
    for upper, lower, sex, garment, trousers in itertools.product(
        COLOURS, COLOURS, ("man", "woman"), ("jacket", "shirt", "coat"), ("trousers", "jeans")
    )
]


@contextmanager
def server(gallery: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from textreid.cli import main; main()", "serve"]
    with subprocess.Popen([*command, "--gallery", gallery, "--port", str(port)]) as process:
        url = f"http://127.0.0.1:{port}/api/v1"
        try:
            for _ in range(600):
                try:
                    httpx.get(f"{url}/health")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield url
        finally:
            process.terminate()


@contextmanager
def writer(gallery: Path) -> Iterator[None]:
    """Another program that adds people until the block ends; it has begun."""
    command = [sys.executable, __file__, "--write", gallery]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield
        finally:
            process.terminate()


def write(folder: Path) -> None:
    random = np.random.default_rng(os.getpid())
    with Gallery.open(folder) as gallery:
        encoder, thumbnail = gallery.encoder, gallery.thumbnail(next(gallery.records()).id)
        assert encoder is not None
        for batch in itertools.count():
            start = time.monotonic()
            vectors = random.standard_normal((COMMITTED, encoder.dim)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            ids = tuple(f"{os.getpid()}-{batch}-{number}" for number in range(COMMITTED))
            records = [Record(id, f"ready/{id}.jpg", camera="ready") for id in ids]
            gallery.add(records, Embeddings(ids, vectors, encoder), [thumbnail] * COMMITTED)
            print(batch, flush=True)
            time.sleep(max(0.0, EVERY - (time.monotonic() - start)))


async def ask(client: httpx.AsyncClient, text: str) -> tuple[int, float, float]:
    """Status, seconds, and what the server says of when to come again."""
    start = time.monotonic()
    answer = await client.post("search", data={"text": text})
    return answer.status_code, time.monotonic() - start, float(answer.headers.get("retry-after", "nan"))


async def ask_all(url: str, texts: list[str], at_once: int) -> list[tuple[int, float, float]]:
    limits, turns = httpx.Limits(max_connections=None), asyncio.Semaphore(at_once)
    async with httpx.AsyncClient(base_url=f"{url}/", timeout=300, limits=limits) as client:

        async def wait_and_ask(text: str) -> tuple[int, float, float]:
            async with turns:
                return await ask(client, text)

        return list(await asyncio.gather(*map(wait_and_ask, texts)))


def seconds(url: str, texts: list[str]) -> dict[str, float]:
    start = time.monotonic()
    answers = asyncio.run(ask_all(url, texts, AT_ONCE))
    assert {status for status, _, _ in answers} == {200}, Counter(status for status, _, _ in answers)
    median, slowest = np.percentile([taken for _, taken, _ in answers], (50, 99))
    return {
        "p50": round(float(median), 2),
        "p99": round(float(slowest), 2),
        "searches_per_second": round(len(texts) / (time.monotonic() - start), 1),
    }


def all_at_once(url: str, texts: list[str]) -> dict[str, object]:
    answers = asyncio.run(ask_all(url, texts, len(texts)))
    served = [taken for status, taken, _ in answers if status == 200]
    refused = [taken for status, taken, _ in answers if status == 503]
    again = sorted(again for status, _, again in answers if status == 503)
    return {
        "answers": dict(sorted(Counter(status for status, _, _ in answers).items())),
        "longest_wait": round(max(served), 1),
        "refused_within": round(max(refused, default=0.0), 1),
        "retry_after": again[:: max(1, len(again) - 1)],
    }


def main() -> None:
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]))
        return
    from textreid import PersonSearch  # which the writer does without
    from textreid.synthetic import built_in_gallery

    load = os.getloadavg()[0]
    searches = int(sys.argv[1]) if len(sys.argv) > 1 else SEARCHES
    with tempfile.TemporaryDirectory() as folder:
        gallery = Path(folder, "gallery")
        with PersonSearch.open(gallery, create=True, model="pocket") as people:
            people.add([f.image.crop(one.box) for f in built_in_gallery(40) for one in f.people], crops=True)
        with server(gallery) as url:
            asyncio.run(ask_all(url, TEXTS[:40], 2))  # every image has been read once then
            before = seconds(url, TEXTS[:searches])
            with writer(gallery):
                beside = seconds(url, TEXTS[:searches])
            after = seconds(url, TEXTS[:searches])
            burst = all_at_once(url, TEXTS[:searches])
        with Gallery.open(gallery) as opened:
            count = len(opened)
    report = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(load, 1),
        "searches": searches,
        "at_once": AT_ONCE,
        "people_at_the_end": count,
        "alone": before,
        "beside_a_writer": beside,
        "alone_again": after,
        "p99_beside_over_alone": round(beside["p99"] / max(before["p99"], after["p99"]), 2),
        "all_at_the_same_moment": burst,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
