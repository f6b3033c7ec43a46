"""What went wrong, in one line."""

from __future__ import annotations

from textreid.io.printable import printable

MAX_REASON = 300
"""Letters of an error that are repeated."""


def reason_of(error: BaseException) -> str:
    """What went wrong, in one printable line without a full stop at its end.

    Where it says it in words, these; the kind of error is said too where it does not, as `KeyError: 'x'`.
    """
    if isinstance(error, MemoryError):
        return "more memory is needed than there is"
    said = getattr(error, "strerror", None) or str(error)
    line = printable(" ".join(str(said).split()))[:MAX_REASON].rstrip(". ")
    if " " in line:
        return line
    return f"{type(error).__name__}: {line}" if line else type(error).__name__
