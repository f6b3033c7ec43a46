"""What it costs that OpenMP's threads spin while they wait: alone, and beside another busy program.

    python benchmarks/openmp.py > benchmarks/results/openmp.json

Two processes embed drawn crops with the built-in model and torch, as `textreid index` does before OpenVINO
takes over: one with OpenMP's own way of waiting, one with `OMP_WAIT_POLICY=PASSIVE`, as the command line sets
it. They take short turns, so that whatever else the machine does slows both, and each turn of one is compared
with the next of the other; the other busy program keeps every core busy.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

TURNS, SECONDS, BATCH = 12, 2.0, 16
POLICIES = {"spinning": None, "sleeping": "PASSIVE"}
BUSY = "while True: pass"


def embed() -> None:
    """For each line that comes, embed for some seconds, and print crops a second."""
    from textreid import Encoder
    from textreid.synthetic import built_in_gallery

    (frame,) = built_in_gallery(1)
    crops = [frame.image.crop(frame.people[0].box)] * BATCH
    encoder = Encoder.load("pocket", device="cpu")
    for _ in sys.stdin:
        start, done = time.monotonic(), 0
        while time.monotonic() < start + SECONDS:
            encoder.encode_images(crops)
            done += BATCH
        print(done / (time.monotonic() - start), flush=True)


class Embedding:
    """A process that embeds when it is told to, and waits otherwise."""

    def __init__(self, policy: str | None, processes: ExitStack) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
        if policy:
            environment["OMP_WAIT_POLICY"] = policy
        self._process = processes.enter_context(
            subprocess.Popen(
                [sys.executable, __file__, "--embed"],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        self.turn()  # which loads everything

    def turn(self) -> float:
        """Crops a second."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


@contextmanager
def busy(programs: int) -> Iterator[None]:
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(programs)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    if sys.argv[1:] == ["--embed"]:
        embed()
        return
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    found = {}
    with ExitStack() as processes:
        embedding = {how: Embedding(policy, processes) for how, policy in POLICIES.items()}
        for name, programs in (("alone", 0), ("beside_a_busy_program", cores)):
            with busy(programs):
                turns = [{how: one.turn() for how, one in embedding.items()} for _ in range(TURNS)]
            found[name] = {how: round(statistics.median(turn[how] for turn in turns), 1) for how in POLICIES}
            ratios = [turn["sleeping"] / turn["spinning"] for turn in turns]
            found[name]["sleeping_over_spinning"] = round(statistics.median(ratios), 2)
    report = {
        "machine": f"{platform.machine()}, {cores} cores",
        "load": round(load, 1),
        "crops_per_second": found,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
