"""Folders that appear whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textreid.errors import InputError


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a working folder beside `target` that is renamed to it when the block ends well.

    An interrupted run leaves nothing under the target's name; its leftovers are removed by the next run.

    Args:
        target: a folder that must not exist yet.

    Raises:
        InputError: the target exists, or its parent cannot be written.
    """
    if target.exists():
        raise InputError(f"{target} exists already. Name another folder, or remove it first.")
    working = target.with_name(f".{target.name}.part")
    try:
        shutil.rmtree(working, ignore_errors=True)
        working.mkdir(parents=True)
    except OSError as error:
        raise InputError(
            f"{target.parent} cannot be written: {error.strerror}. Name another folder."
        ) from error
    try:
        yield working
        working.rename(target)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise


def at_least(name: str, value: int, least: int) -> int:
    """`value`, or an InputError that says how large it must be."""
    if value < least:
        raise InputError(f"{name} is {value}; it must be at least {least}.")
    return value
