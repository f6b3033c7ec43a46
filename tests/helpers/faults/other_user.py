"""Somebody else on this machine, who owns nothing. Needs root."""

from __future__ import annotations

import os
import subprocess
import sys
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


def run_without_a_name(*arguments: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a user of whom this machine knows a number alone, with no variables but these.

    The process may read everything, for Python itself may lie in the home of root, and write what is its own.
    """
    reads = "+dac_read_search"
    user = ["--reuid", "4711", "--regid", "4711", "--clear-groups", "--inh-caps", reads]
    may = ["--ambient-caps", reads, "--bounding-set", f"-all,{reads}"]
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")} | variables
    command = ["setpriv", *user, *may, sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=known, capture_output=True, text=True, check=False)
