"""What it costs that OpenMP's threads spin while they wait: alone, and beside another busy program.

    python benchmarks/openmp.py > benchmarks/results/openmp.json

Each case is a process of its own that embeds drawn crops with the built-in model and torch, as `textreid
index` does before OpenVINO takes over; the other program keeps every core busy. The cases take turns, and the
best turn of each counts. `OMP_WAIT_POLICY` is read when torch is loaded: the command line sets it to PASSIVE.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

TURNS, SECONDS, BATCH = 3, 10.0, 64
POLICIES = {"spinning": None, "sleeping": "PASSIVE"}
BUSY = "while True: pass"


def embed() -> None:
    """Print crops a second."""
    from textreid import Encoder
    from textreid.synthetic import built_in_gallery

    (frame,) = built_in_gallery(1)
    crops = [frame.image.crop(frame.people[0].box)] * BATCH
    encoder = Encoder.load("pocket", device="cpu")
    encoder.encode_images(crops)
    start, done = time.monotonic(), 0
    while time.monotonic() < start + SECONDS:
        encoder.encode_images(crops)
        done += BATCH
    print(done / (time.monotonic() - start))


def measure(policy: str | None) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if policy:
        environment["OMP_WAIT_POLICY"] = policy
    ran = subprocess.run(
        [sys.executable, __file__, "--embed"], env=environment, stdout=subprocess.PIPE, check=True, text=True
    )
    return float(ran.stdout)


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
    rates: dict[str, dict[str, float]] = {}
    for name, programs in (("alone", 0), ("beside_a_busy_program", cores)):
        with busy(programs):
            turns = [{how: measure(policy) for how, policy in POLICIES.items()} for _ in range(TURNS)]
        rates[name] = {how: round(max(turn[how] for turn in turns), 1) for how in POLICIES}
    report = {
        "machine": f"{platform.machine()}, {cores} cores",
        "load": round(load, 1),
        "crops_per_second": rates,
        "sleeping_over_spinning": {
            name: round(rate["sleeping"] / rate["spinning"], 2) for name, rate in rates.items()
        },
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
