"""A file that somebody is at work on is not taken away: locks that the system frees when a process ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed anyway
    fcntl = None  # type: ignore[assignment]


@contextmanager
def in_use(file: Path) -> Iterator[bool]:
    """Keep `unused` from yielding true for a file, in this and in other processes, while the block runs.

    Yields:
        Whether the file is there.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        if fcntl is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield file.exists()
    finally:
        os.close(descriptor)


@contextmanager
def unused(file: Path) -> Iterator[bool]:
    """Whether nobody uses a file, and nobody begins to while the block runs."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:  # it is gone, or is told of by whoever removes it
        yield True
        return
    try:
        yield _is_free(descriptor)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
