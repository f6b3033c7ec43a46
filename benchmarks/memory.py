"""Memory of the search page after thousands of searches.

    python benchmarks/memory.py > benchmarks/results/memory.json
    python benchmarks/memory.py --model pocket

The page over drawn people, in this process; a visitor of its own asks each question through gradio's queue,
as the browser does, and reads the answer; four at once. The memory of the process is read after each eighth.
What fills until then is named in docs/demo.md. It is the page that is measured: unless a model is named, one
of a few lines with a matcher (tests/helpers/toy.py) answers, in minutes; with `pocket` it takes an hour.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import socket
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from textreid import PersonSearch
from textreid.service import Desk
from textreid.synthetic import built_in_gallery
from textreid_demo import serve_page

ROOT = Path(__file__).parents[1]
SEARCHES, PARTS, AT_ONCE = 16_000, 8, 4


def megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Visitor:
    """Asks the page, by the first of its events: a description and Enter."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=60)
        config = self.client.get("/config").json()
        parts = {part["id"]: part for part in config["components"]}
        events = config["dependencies"]
        event = next(event for event in events if "submit" in [what for _, what in event["targets"]])
        self.event = event["id"]
        self.inputs = [
            None if parts[id]["type"] == "state" else parts[id]["props"].get("value")
            for id in event["inputs"]
        ]

    def ask(self, number: int) -> None:
        text = f"a {('man', 'woman')[number % 2]} in a {('red', 'blue', 'green', 'black')[number % 4]} coat"
        session = f"visitor-{number}"
        data = [self.inputs[0], text, *self.inputs[2:]]
        sent = {"data": data, "fn_index": self.event, "session_hash": session}
        self.client.post("/gradio_api/queue/join", json=sent).raise_for_status()
        answer = self.client.get("/gradio_api/queue/data", params={"session_hash": session})
        assert '"success":true' in answer.text, answer.text[:500]


def toy() -> Any:
    """A model of colours that works by arithmetic, with a matcher."""
    sys.path.insert(0, str(ROOT))
    from tests.helpers.toy import ToyEncoder
    from tests.helpers.toy_matcher import UpperAndLower

    encoder = ToyEncoder()
    encoder.matcher = UpperAndLower()
    return encoder


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", help="such as pocket; by default a toy")
    parser.add_argument("--searches", type=int, default=SEARCHES)
    asked = parser.parse_args()
    searches, encoder = asked.searches, None if asked.model else toy()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
        crops = [frame.image.crop(one.box) for frame in built_in_gallery(40) for one in frame.people]
        with (
            PersonSearch.open(
                Path(folder, "gallery"), create=True, model=asked.model, encoder=encoder
            ) as search,
            serve_page(Desk(search), port=port) as url,
        ):
            search.add(crops, crops=True)
            visitor, readings, start = Visitor(url), {}, time.monotonic()
            for done in range(0, searches, searches // PARTS):
                questions = range(done, done + searches // PARTS)
                with ThreadPoolExecutor(AT_ONCE) as visitors:
                    list(visitors.map(visitor.ask, questions))
                gc.collect()
                readings[questions.stop] = round(megabytes(), 1)
            rate = round(searches / (time.monotonic() - start), 1)
    last, before = readings[searches], readings[searches * 3 // 4]
    report = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(load, 1),
        "model": asked.model or "toy",
        "searches_per_second": rate,
        "megabytes_after": readings,
        "last_over_three_quarters": round(last / before, 4),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
