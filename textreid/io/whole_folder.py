"""Folders and files that appear whole or not at all, with errors that a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textreid.errors import InputError
from textreid.io.refusals import in_words
from textreid_index import whole_folder as ground


@contextmanager
def whole_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block ends well, and is removed when it fails.

    Args:
        target: parents are made if missing.
        replace: put it in the place of an older folder, which stays untouched until then.

    Raises:
        InputError: the target exists and is not to be replaced, or it cannot be written.
    """
    if not replace and target.exists():
        raise InputError(f"{target} exists already. Name another folder, or remove it first.")
    with in_words(target), ground.whole_folder(target, replace=replace) as working:
        yield working
