"""Ends a process before each call by which it changes names on the disk, and looks at what it has left."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

EVENTS = {"os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
"""What Python's audit hooks are told; "os.rename" stands for `replace` too, "os.remove" for `unlink`."""


@dataclass(frozen=True)
class Outcome:
    """What is left by a process that was ended.

    Attributes:
        before: the call that it did not make any more; "" where it came to its end.
        left: what then lies there, read as a user would.
    """

    before: str
    left: Any


def outcomes(
    pool: ProcessPoolExecutor,
    write: Callable[[Path], None],
    read: Callable[[Path], Any],
    place: Path,
    prepare: Callable[[Path], None] | None = None,
) -> list[Outcome]:
    """End a process before each call of `write`, the last one at its end.

    Args:
        pool: one process of `forking_pool`.
        write: writes into a folder.
        read: what lies in a folder.
        place: a folder for this.
        prepare: fills a folder before it is written to.
    """
    return pool.submit(_outcomes, write, read, place, prepare).result()


def forking_pool() -> ProcessPoolExecutor:
    """A process that has no threads, so that it can fork, and keeps what it has imported."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def assert_one_or_the_other(left: list[Any], before: Any, after: Any) -> None:
    """What is left is the old one up to some call, and the new one from there on."""
    olds = left.count(before)
    assert 0 < olds < len(left)
    assert left == [before] * olds + [after] * (len(left) - olds)


def _outcomes(
    write: Callable[[Path], None],
    read: Callable[[Path], Any],
    place: Path,
    prepare: Callable[[Path], None] | None,
) -> list[Outcome]:
    live = place / "live"
    live.mkdir()
    if prepare is not None:
        prepare(live)
    calls = _write_in_forks(write, live, place)
    return [Outcome(call, read(place / str(number))) for number, call in enumerate(calls)]


def _write_in_forks(write: Callable[[Path], None], live: Path, place: Path) -> list[str]:
    """The calls; before each the process ends, and a fork of it makes a copy of `live` and goes on."""
    reading, writing = os.pipe()
    if not os.fork():
        calls: list[str] = []

        def end_before(call: str) -> None:
            alive, ends = os.pipe()
            if os.fork():
                os._exit(0)
            os.close(ends)
            os.read(alive, 1)  # comes back when the other end is closed: its process has ended
            os.close(alive)
            copy(call)

        def copy(call: str) -> None:
            active.clear()
            shutil.copytree(live, place / str(len(calls)))
            active.add(True)
            calls.append(call)

        def fsync(descriptor: int) -> None:
            end_before("os.fsync")
            sync(descriptor)

        active = {True}
        sync, os.fsync = os.fsync, fsync
        sys.addaudithook(lambda event, _: end_before(event) if event in EVENTS and active else None)
        error = ""
        try:
            write(live)
            copy("")
        except BaseException:
            error = traceback.format_exc()
        with os.fdopen(writing, "wb") as answer:
            pickle.dump((calls, error), answer)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        calls, error = pickle.load(answer)
    os.wait()
    assert not error, error
    return calls
