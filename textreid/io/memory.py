"""How much memory one picture may take while it is opened, and that large ones are opened one at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from textreid.errors import ImageError

MAX_BYTES = 1_000_000_000
"""Memory that opening one picture may take in all, whatever the picture says of itself."""

LARGE = 100_000_000
"""Bytes from which on pictures wait for each other."""

_one_large = threading.Lock()


def _after_fork() -> None:
    global _one_large
    _one_large = threading.Lock()  # the thread that held it is not in this process


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def room_for(needed: int) -> Iterator[None]:
    """Hold the room that opening a picture takes.

    Args:
        needed: bytes at the moment when most of them are in use, from the header of the picture.

    Raises:
        ImageError: it is more than `MAX_BYTES`.
    """
    if needed > MAX_BYTES:
        raise ImageError(
            f"would take {needed / 1e9:.1f} GB of memory to open; the limit is {MAX_BYTES / 1e9:.0f} GB. "
            "Save a smaller copy."
        )
    if needed < LARGE:
        yield
        return
    with _one_large:
        yield
