"""Files that were sent and wait to be used: how much there may be of them, and where they lie."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from textreid.errors import InputError

MB = 1_000_000


class TooMuchError(InputError):
    """More is sent than there is room for; `status` says whose room it was, as HTTP counts it."""

    def __init__(self, sentence: str, status: int = 413) -> None:
        self.status = status
        super().__init__(sentence)


@dataclass(frozen=True)
class Limits:
    """How much may wait, and how long.

    Attributes:
        request: bytes of one request with files.
        files: files of one client.
        bytes: bytes of one client, those that are just arriving included.
        all_files: files of all clients.
        all_bytes: bytes of all clients.
        seconds: after which a file that nobody has used is deleted.
    """

    request: int = 200 * MB
    files: int = 500
    bytes: int = 500 * MB
    all_files: int = 2000
    all_bytes: int = 2000 * MB
    seconds: float = 3600.0


@dataclass(frozen=True)
class _Held:
    client: str
    bytes: int
    since: float


class WaitingFiles:
    """What clients have sent and nobody has used yet, below one folder.

    A file is used by moving or deleting it; its room is given back then. Whoever names a file is answered
    from what is known to wait here, and never from the disk: no other path can be asked for.
    """

    def __init__(self, folder: Path, limits: Limits = Limits()) -> None:
        self.folder = folder
        self.limits = limits
        self._held: dict[str, _Held] = {}
        self._arriving: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def arriving(self, client: str) -> Iterator[Callable[[int], None]]:
        """Room for a request while it is answered: call what is yielded with the bytes that are to come.

        A later call with more bytes makes more room; it raises TooMuchError where there is none.
        """
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if size > self.limits.request:
                raise TooMuchError(f"A request may have {self.limits.request // MB} MB. Send less at once.")
            if size > held:
                with self._lock:
                    self._require_room(client, size - held)
                    self._arriving[client] += size - held
                held = size

        try:
            yield hold
        finally:
            with self._lock:
                self._arriving[client] -= held
                self._arriving += Counter()  # drops clients with nothing

    def keep(self, client: str, files: Sequence[Path]) -> None:
        """Let these files wait, whose bytes have been counted as they came.

        Raises:
            TooMuchError: the client, or all clients together, have too many files; these are deleted.
        """
        try:
            with self._lock:
                self._require_places(client, len(files))
                for file in files:
                    self._held[str(file)] = _Held(client, file.stat().st_size, time.monotonic())
        except BaseException:
            for file in files:
                file.unlink(missing_ok=True)
            raise

    def find(self, name: object) -> Path:
        """The waiting file of this name.

        Raises:
            InputError: no such file waits; whether one of that name lies elsewhere makes no difference.
        """
        if not isinstance(name, str) or name not in self._held:
            raise InputError("Upload the file first: with gradio_client, wrap its path in handle_file(...).")
        return Path(name)

    @contextmanager
    def using(self, name: object) -> Iterator[Path]:
        """The waiting file of this name, which is deleted when the block ends.

        Raises:
            InputError: no such file waits.
        """
        file = self.find(name)
        try:
            yield file
        finally:
            _remove(file, self.folder)

    def tidy(self) -> None:
        """Delete what has waited for too long, and give back the room of what was used."""
        with self._lock:
            now = time.monotonic()
            for name, held in list(self._held.items()):
                if now - held.since > self.limits.seconds:
                    _remove(Path(name), self.folder)
            self._drop_used()

    def _require_room(self, client: str, size: int) -> None:
        if not self._has_room(client, size):
            self._drop_used()
        if not self._has_room(client, size, all_clients=False):
            most = f"{self.limits.bytes // MB} MB"
            raise TooMuchError(f"Of one client {most} may wait. Send less, or use what waits.", 429)
        if not self._has_room(client, size):
            most = f"{self.limits.all_bytes // MB} MB"
            raise TooMuchError(f"Of all clients {most} may wait. Try again later.", 503)

    def _has_room(self, client: str, size: int, *, all_clients: bool = True) -> bool:
        own = self._arriving[client] + sum(
            held.bytes for held in self._held.values() if held.client == client
        )
        if own + size > self.limits.bytes:
            return False
        total = self._arriving.total() + sum(held.bytes for held in self._held.values())
        return not all_clients or total + size <= self.limits.all_bytes

    def _require_places(self, client: str, number: int) -> None:
        self._drop_used()
        own = sum(held.client == client for held in self._held.values())
        if own + number > self.limits.files:
            most = f"{self.limits.files} files"
            raise TooMuchError(f"Of one client {most} may wait. Send fewer, or use what waits.", 429)
        if len(self._held) + number > self.limits.all_files:
            most = f"{self.limits.all_files} files"
            raise TooMuchError(f"Of all clients {most} may wait. Try again later.", 503)

    def _drop_used(self) -> None:
        for name in [name for name in self._held if not Path(name).exists()]:
            del self._held[name]


def _remove(file: Path, folder: Path) -> None:
    """Delete a file, and the folders around it that are empty then."""
    file.unlink(missing_ok=True)
    for parent in file.parents:
        if parent == folder:
            return
        with suppress(OSError):
            parent.rmdir()
