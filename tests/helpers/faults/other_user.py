"""Somebody else on this machine, who owns nothing. Needs root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

NOBODY = 65534


def as_other_user(function: Callable[..., Any], *arguments: Any, user: int = NOBODY) -> Any:
    """What a function of a module gives, or raises, in a process of another user.

    What it needs has to be imported at the top of its module: this is done as root, who may read the library.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_run, user, function, arguments).result()


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that everybody may enter and read, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="textreid-public-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def become(user: int = NOBODY) -> None:
    """Make this process one of another user, for good."""
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


def _run(user: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    become(user)
    return function(*arguments)
