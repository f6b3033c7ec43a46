"""One training at a time in the folder of a run, by a lock that the system takes off when its holder ends."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager

from textreid.errors import InputError
from textreid.io.run_folder import RunFolder

try:
    import fcntl
except ImportError:  # Windows, where nobody is told
    fcntl = None  # type: ignore[assignment]

_held: set[int] = set()
"""Descriptors of the locks of this process."""


@contextmanager
def train_alone(folder: RunFolder) -> Iterator[None]:
    """Hold the lock of a run's folder; on a file system without locks nothing is held.

    Args:
        folder: made if missing.

    Raises:
        InputError: another process trains there; the message names it.
        OSError: the folder cannot be written.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(descriptor, folder)
        os.truncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {platform.node()}\n".encode())
        _held.add(descriptor)
        yield
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


def _lock(descriptor: int, folder: RunFolder) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if not isinstance(error, BlockingIOError):
            return
        holder = os.read(descriptor, 300).decode(errors="replace").strip() or "another process"
        raise InputError(
            f"In '{folder.path}' {holder} is training: wait for its end, or choose another --out."
        ) from None


def _let_go() -> None:
    """In a process that was forked, such as one that reads images: the lock ends with the one that trains."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
