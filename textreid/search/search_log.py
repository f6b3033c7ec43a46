"""A record of what was searched, written only where somebody asks for it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from textreid.errors import InputError
from textreid.io.json_text import json_text
from textreid_index import Hits, Where

try:
    import fcntl
except ImportError:  # Windows, where one program at a time may write a log
    fcntl = None  # type: ignore[assignment]


class SearchLog:
    """Appends one JSON object a line for each search: when, for whom, by which filters, and the ids found.

    An example photo is noted as used and never stored. The file is made readable by its owner alone; one
    that is there keeps its mode, and so does the next one after it was moved away.
    """

    def __init__(self, path: Path) -> None:
        """Raises InputError if nothing can be written to `path`."""
        self.path = path
        self._mode = 0o600
        self._append(b"")

    def write(
        self,
        hits: Hits,
        *,
        text: str | None = None,
        image: bool = False,
        where: Where | None = None,
        more_like: Sequence[str] = (),
    ) -> None:
        """Append one search; who is disliked stands in `where` as excluded.

        Raises:
            InputError: it cannot be written; nothing of it is left in the log.
        """
        everybody, asked = asdict(Where()), asdict(where or Where())
        filters = {key: value for key, value in asked.items() if value != everybody[key]}
        entry = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "text": text,
            "image": image,
            "more_like": list(more_like),
            "where": filters,
            "ids": list(hits.ids),
        }
        self._append(json_text(entry, default=sorted).encode("utf-8") + b"\n")

    def _append(self, line: bytes) -> None:
        try:
            file = self._open()
            try:
                self._write(file, line)
            finally:
                os.close(file)
        except OSError as error:
            raise InputError(
                f"Searches cannot be logged to {self.path}: {error.strerror}. Name another file, or free "
                "space: no search is answered without its line."
            ) from None

    def _open(self) -> int:
        """The file, made again where somebody has moved it away."""
        flags = os.O_WRONLY | os.O_APPEND
        try:
            file = os.open(self.path, flags)
        except FileNotFoundError:
            file = os.open(self.path, flags | os.O_CREAT, 0o600)
            self.path.chmod(self._mode)
        self._mode = stat.S_IMODE(os.fstat(file).st_mode)
        return file

    @staticmethod
    def _write(file: int, line: bytes) -> None:
        """The whole line, or none of it: what did not fit is taken back."""
        is_file = stat.S_ISREG(os.fstat(file).st_mode)
        if is_file and fcntl is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
        size, rest = os.fstat(file).st_size, line
        try:
            while rest:
                rest = rest[os.write(file, rest) :]
        except OSError:
            if is_file:
                os.ftruncate(file, size)
            raise
