"""Kills of a process: before each of its file operations, and at any moment.

What a killed process leaves is what lies on the disk at that moment; what it had in memory is gone. So a copy
of its folder before each operation is what a kill there would leave, and one run of the process shows all of
them. Between two operations libraries write by themselves (SQLite, safetensors, TensorBoard): `kill_after`
ends a process for good, wherever it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.helpers.faults.tried import tried

EVENTS = {
    "os.chmod",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "shutil.rmtree",
}
"""What Python's audit hooks are told; "os.rename" stands for `replace` too, "os.remove" for `unlink`. Beside
them the opening of a file to write to it ("open"), and what is not audited: "os.fsync"."""


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
    every: int = 1,
) -> list[Outcome]:
    """End a process before each file operation of `write`, the last time at its end.

    Args:
        pool: one process of `forking_pool`.
        write: writes into a folder.
        read: what lies in a folder; it is called once for folders that hold the same bytes.
        place: a folder for this.
        prepare: fills a folder before it is written to.
        every: of the folders that differ only each so-maniest is read, and the last.
    """
    found = pool.submit(_outcomes, write, read, place, prepare, every).result()
    tried(len(found))
    return found


def kill_after(pool: ProcessPoolExecutor, seconds: float, write: Callable[[Path], None], place: Path) -> bool:
    """Let a process write into a folder and kill it after a while; whether it was still at work.

    Args:
        pool: one process of `forking_pool`.
        seconds: from its start.
        write: writes into a folder.
        place: the folder.
    """
    tried()
    return pool.submit(_kill_after, seconds, write, place).result()


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
    every: int,
) -> list[Outcome]:
    live = place / "live"
    live.mkdir(parents=True)
    if prepare is not None:
        prepare(live)
    copies = _Copies(live, place)
    copies.watch(write)
    chosen = {*list(copies.folders)[::every], copies.calls[-1][1]}
    left = {digest: read(copies.folders[digest]) for digest in chosen}
    return [Outcome(call, left[digest]) for call, digest in copies.calls if digest in chosen]


def _kill_after(seconds: float, write: Callable[[Path], None], place: Path) -> bool:
    child = os.fork()
    if not child:
        try:
            write(place)
            os._exit(0)
        except BaseException:
            os._exit(1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "what was to be killed failed by itself"
    return os.WIFSIGNALED(status)


@dataclass
class _Copies:
    """Copies of a folder before each file operation, one of those that hold the same bytes.

    Attributes:
        live: the folder.
        place: where the copies lie.
        calls: each operation, and the digest of the folder before it.
        folders: digest -> copy.
    """

    live: Path
    place: Path
    calls: list[tuple[str, str]] = field(default_factory=list)
    folders: dict[str, Path] = field(default_factory=dict)

    def watch(self, write: Callable[[Path], None]) -> None:
        """Write, and copy."""
        lock, busy, sync = threading.Lock(), threading.local(), os.fsync

        def before(call: str) -> None:
            if getattr(busy, "here", False):
                return
            busy.here = True
            with lock:
                self._take(call)
            busy.here = False

        def heard(event: str, arguments: tuple[Any, ...]) -> None:
            if watching and (event in EVENTS or (event == "open" and _writes(arguments))):
                before(event)

        def fsync(descriptor: int) -> None:
            before("os.fsync")
            sync(descriptor)

        watching = {True}
        sys.addaudithook(heard)  # for good: a hook cannot be taken away, only be told that it is over
        os.fsync = fsync
        try:
            write(self.live)
        finally:
            watching.clear()
            os.fsync = sync
        self._take("")

    def _take(self, call: str) -> None:
        digest = digest_of(self.live)
        if digest not in self.folders:
            self.folders[digest] = self.place / str(len(self.folders))
            shutil.copytree(self.live, self.folders[digest], symlinks=True)
        self.calls.append((call, digest))


def _writes(arguments: tuple[Any, ...]) -> bool:
    """Whether a file is opened to be written to."""
    _, _, flags = arguments
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def digest_of(folder: Path) -> str:
    """Of the names, modes and bytes of everything in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"\0{path.relative_to(folder)}\0{path.lstat().st_mode}\0".encode())
        if path.is_file() and not path.is_symlink():
            digest.update(path.read_bytes())
    return digest.hexdigest()
