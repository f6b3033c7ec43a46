"""What the system refuses, in words: a full disk, a file that may not be written, memory that ran out.

Libraries tell it in ways of their own: as an OSError, as its number in the text of another error, as what was
raised while they gave up.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textreid.errors import InputError, TextReIDError

FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
SAFETENSORS_AND_TOKENIZERS = re.compile(r"\(os error (\d+)\)")
NUMPY = re.compile(r"\d+ requested and \d+ written")
MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory|bad_alloc|bad allocation", re.I)
WORKER_ENDED = re.compile(r"DataLoader worker .*killed by signal", re.I)
AMOUNT = re.compile(r"allocate ([\d.]+ ?[a-z]+)", re.I)


@contextmanager
def in_words(place: Path) -> Iterator[None]:
    """Raise what the system refuses inside the block as an `InputError`; all other errors go on as they are.

    Args:
        place: what is written there, for errors that name no file.

    Raises:
        InputError: the disk is full, a file may not be written, memory ran out.
    """
    try:
        yield
    except TextReIDError:
        raise
    except Exception as error:
        refusal = describe_refusal(error, place)
        if refusal is None:
            raise
        raise InputError(refusal) from error


def describe_refusal(error: BaseException, place: Path | None = None) -> str | None:
    """What the system refused, and what to do about it; None where an error is something else.

    Args:
        error: what was raised.
        place: where something was being written, if the error does not tell.
    """
    if _is_out_of_memory(error):
        return _describe_memory(str(error))
    if any(_number(one) in FULL for one in _chain(error)):
        return _describe_full_disk(_named(error, place))
    path = _named(error, place)
    if path is None or not isinstance(error, OSError) or error.errno is None:
        return None
    return (
        f"'{path}' cannot be {'written' if path is place else 'used'}: {_reason(error)}. Name another path."
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it was raised from or during."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _number(error: BaseException) -> int | None:
    """The system's number of an error."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    told = SAFETENSORS_AND_TOKENIZERS.search(str(error))
    if told:
        return int(told[1])
    return errno.ENOSPC if isinstance(error, OSError) and NUMPY.search(str(error)) else None


def _named(error: BaseException, place: Path | None) -> Path | None:
    """What an error is about: `place`, unless the error names a file elsewhere."""
    name = error.filename if isinstance(error, OSError) else None
    if not isinstance(name, str | bytes):
        return place
    path = Path(os.path.realpath(os.fsdecode(name)))
    if place is None:
        return Path(os.fsdecode(name))
    own = Path(os.path.realpath(place))
    return place if path.is_relative_to(own) or own.is_relative_to(path) else path


def _reason(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{reason[:1].lower()}{reason[1:]}"


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or _number(error) == errno.ENOMEM:
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and bool(MEMORY.search(text) or WORKER_ENDED.search(text))


def _describe_memory(text: str) -> str:
    amount = AMOUNT.search(text)
    asked = f" ({amount[1]} were asked for)" if amount else ""
    if "CUDA" in text or "MPS" in text or "HIP" in text:
        return f"The memory of the device ran out{asked}: ask for less at once, such as smaller batches."
    return (
        f"Memory ran out{asked}: close other programs, or ask for less at once, such as smaller batches or"
        " fewer workers."
    )


def _describe_full_disk(path: Path | None) -> str:
    if path is None:
        return "A disk is full: free space on it, and give the same command again."
    return (
        f"The disk of '{path}', {_mount(path)}, is full: free space on it, and give the same command again."
    )


def _mount(path: Path) -> Path:
    """Where the disk of a path begins."""
    here = Path(os.path.realpath(path))
    return next((folder for folder in (here, *here.parents) if folder.is_mount()), here)
