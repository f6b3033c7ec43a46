"""Many searches over HTTP: at once, and beside a program that adds people.

    python benchmarks/load.py > benchmarks/results/load.json

A server (`textreid serve`) stands over drawn people, with the built-in model and its matcher. 40 clients send
1,000 descriptions, none twice, while nobody writes, and 1,000 while another program commits 20 ready vectors
every 0.2 s. Both take turns in one run, so that whatever else the machine does slows both; the ratio is that
of the slowest hundredth (p99). Then 1,000 are sent at the same moment: each is answered, or refused at once
with the time that it would have waited, which is compared with what the longest wait came to.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import numpy as np

from textreid_index import Embeddings, Gallery, Record

SEARCHES, AT_ONCE, TURNS = 1000, 40, 8
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
    with subprocess.Popen(
        [*command, "--gallery", str(gallery), "--port", str(port)], stdout=subprocess.DEVNULL
    ) as process:
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
def writer(gallery: Path) -> Iterator[Path]:
    """Another program that adds people as long as there is a file, whose path is given."""
    go = gallery.with_name("write")
    command = [sys.executable, __file__, "--write", gallery, go]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield go
        finally:
            process.terminate()


def write(folder: Path, go: Path) -> None:
    random = np.random.default_rng(os.getpid())
    with Gallery.open(folder) as gallery:
        encoder, thumbnail = gallery.encoder, gallery.thumbnail(next(gallery.records()).id)
        assert encoder is not None
        print("ready", flush=True)
        for batch in itertools.count():
            while not go.exists():
                time.sleep(EVERY / 10)
            start = time.monotonic()
            vectors = random.standard_normal((COMMITTED, encoder.dim)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            ids = tuple(f"{os.getpid()}-{batch}-{number}" for number in range(COMMITTED))
            records = [Record(id, f"ready/{id}.jpg", camera="ready") for id in ids]
            gallery.add(records, Embeddings(ids, vectors, encoder), [thumbnail] * COMMITTED)
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


def take_turns(url: str, texts: list[str], go: Path) -> dict[str, object]:
    """All texts while nobody writes, and all beside the writer; each turn a few, and both as often first."""
    taken: dict[str, list[float]] = {"alone": [], "beside_a_writer": []}
    spent = dict.fromkeys(taken, 0.0)
    for turn in range(TURNS):
        for name in list(taken)[:: 1 if turn % 2 else -1]:
            go.touch() if name == "beside_a_writer" else go.unlink(missing_ok=True)
            start = time.monotonic()
            answers = asyncio.run(ask_all(url, texts[turn::TURNS], AT_ONCE))
            spent[name] += time.monotonic() - start
            assert {status for status, _, _ in answers} == {200}, Counter(status for status, _, _ in answers)
            taken[name] += [seconds for _, seconds, _ in answers]
    go.unlink(missing_ok=True)
    slowest = {name: float(np.percentile(seconds, 99)) for name, seconds in taken.items()}
    rows = {
        name: {
            "searches": len(seconds),
            "p50": round(float(np.median(seconds)), 2),
            "p99": round(slowest[name], 2),
            "searches_per_second": round(len(seconds) / spent[name], 1),
        }
        for name, seconds in taken.items()
    }
    ratio = slowest["beside_a_writer"] / slowest["alone"]
    return {**rows, "p99_beside_over_alone": round(ratio, 2)}


async def ask_plainly(url: str, texts: list[str]) -> list[tuple[int, float, float]]:
    """As `ask`, all at the same moment, by sockets: a client that leaves the cores to the server."""
    address = urlsplit(url)

    async def send(text: str) -> tuple[int, float, float]:
        body = urlencode({"text": text})
        lines = [
            f"POST {address.path}/search HTTP/1.1",
            f"Host: {address.netloc}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        start = time.monotonic()
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write("\r\n".join([*lines, "", body]).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.read()
        taken = time.monotonic() - start
        writer.close()
        again = re.search(r"\r\nretry-after: (\d+)", head)
        return int(head.split()[1]), taken, float(again[1] if again else "nan")

    return list(await asyncio.gather(*map(send, texts)))


def all_at_once(url: str, texts: list[str]) -> dict[str, object]:
    answers = asyncio.run(ask_plainly(url, texts))
    served = [taken for status, taken, _ in answers if status == 200]
    refused = [taken for status, taken, _ in answers if status == 503]
    again = [again for status, _, again in answers if status == 503]
    found: dict[str, object] = {
        "answers": dict(sorted(Counter(status for status, _, _ in answers).items())),
        "longest_wait": round(max(served), 1),
    }
    if refused:
        found |= {
            "refused_after": {"p50": round(float(np.median(refused)), 2), "longest": round(max(refused), 2)},
            "retry_after": {"shortest": min(again), "longest": max(again)},
            "longest_retry_after_over_longest_wait": round(max(again) / max(served), 2),
        }
    return found


def main() -> None:
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), Path(sys.argv[3]))
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
            with writer(gallery) as go:
                turns = take_turns(url, TEXTS[:searches], go)
            burst = all_at_once(url, TEXTS[:searches])
        with Gallery.open(gallery) as opened:
            count = len(opened)
    report = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(load, 1),
        "at_once": AT_ONCE,
        "people_at_the_end": count,
        **turns,
        "all_at_the_same_moment": burst,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
