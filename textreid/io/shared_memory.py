"""How many worker processes there is room for in /dev/shm, through which they hand over what they make.

Docker gives a container 64 MB there. A worker that finds no room is killed, or its batch is lost, and whoever
waits for it is not told. torch's other way of sharing, "file_system", takes its memory from there too.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textreid.errors import TextReIDError

PLACE = Path("/dev/shm")
AHEAD = 2
"""Batches that each worker makes before they are asked for."""
HELD = 2
"""Batches that whoever asked for them still holds."""
SHARE = 0.9
"""Of what is free: others need some, too."""


def affordable_workers(
    workers: int, make_batch: Callable[[], Any], note: Callable[[str], None] = lambda _: None
) -> int:
    """As many of the workers as there is room for; all where the system has no such place.

    Args:
        workers: how many are asked for.
        make_batch: makes a batch as they will, to see its size; not called where nobody is asked for.
        note: told in one sentence if they are fewer.
    """
    if not workers or sys.platform != "linux":
        return workers
    import torch

    try:
        with torch.random.fork_rng(devices=[]):  # nothing is drawn from what this process draws from
            size = len(pickle.dumps(make_batch(), pickle.HIGHEST_PROTOCOL))
    except TextReIDError:  # whoever reads all of them names all that cannot be read
        return workers
    room = SHARE * _free() / int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    affordable = max(0, min(workers, int(room / size - HELD) // AHEAD))
    if affordable < workers:
        need = size * (AHEAD * workers + HELD) / SHARE
        readers = {0: "no workers read", 1: "1 worker reads"}.get(affordable, f"{affordable} workers read")
        note(
            f"{PLACE} has {_free() / 1e6:,.0f} MB free and {workers} workers need {need / 1e6:,.0f}, so"
            f" {readers} images: docker run --shm-size=1g gives them more, --set workers=0 does without."
        )
    return affordable


def _free() -> int:
    """Bytes; 0 where the place is missing or may not be written."""
    try:
        found = os.statvfs(PLACE)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize if os.access(PLACE, os.W_OK | os.X_OK) else 0
