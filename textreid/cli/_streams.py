"""What a command writes to, whatever that is connected to: answers to one stream, everything else to another.

Both are UTF-8, so that every name can be written. An answer that cannot be written is an error; a note that
cannot be written is none.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from textreid.errors import InputError


@contextmanager
def usable_streams() -> Iterator[None]:
    """Let the block write to streams that take everything, and see to it that its answers are written.

    Raises:
        InputError: the answers cannot be written.
    """
    _fill_gaps()
    sys.stdout = _usable(sys.stdout, 1, _Answers) if sys.stdout else _Closed()
    if sys.stderr:
        sys.stderr = _usable(sys.stderr, 2, _Notes)
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _lead_nowhere(1)  # else Python tries once more at its end
            raise


class _Answers(io.TextIOWrapper):
    def write(self, text: str) -> int:
        with _told():
            return super().write(text)

    def flush(self) -> None:
        with _told():
            super().flush()


class _Notes(io.TextIOWrapper):
    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            raise
        except OSError:
            _lead_nowhere(2)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            raise
        except OSError:
            _lead_nowhere(2)


class _Closed(io.TextIOBase):
    def write(self, _: str) -> int:
        raise InputError("The output cannot be written, it is closed: send it to a file, or to /dev/null.")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # whoever read has seen enough
        raise
    except OSError as error:
        _lead_nowhere(1)  # else the same error comes again, after it was told
        reason = os.strerror(error.errno or errno.EIO).lower()
        raise InputError(f"The output cannot be written: {reason}. Send it to another place.") from error


def _usable(stream: TextIO, number: int, kind: type[io.TextIOWrapper]) -> TextIO:
    """The stream again as one of UTF-8; as it is where somebody has put another in the place of Python's."""
    if type(stream) is not io.TextIOWrapper or stream.fileno() != number:
        return stream
    stream.flush()
    return kind(
        open(number, "wb", closefd=False),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _fill_gaps() -> None:
    """Open what was closed, else the next file that is opened is where libraries write their notes to."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
