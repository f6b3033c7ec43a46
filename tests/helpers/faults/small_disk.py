"""A disk of so many bytes: a tmpfs that is mounted for a test. Needs Linux and root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILLING = "filling"
"""The file that takes the room that is left over."""


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount an empty disk of `size` bytes, in whole pages of memory, over a folder, which is made.

    Everything on it is gone when the block ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill_up(disk: Path, leave: int = 0) -> None:
    """Take all room of a small disk but for `leave` bytes; removing `disk / FILLING` gives it back."""
    (disk / FILLING).unlink(missing_ok=True)
    free = os.statvfs(disk)
    with (disk / FILLING).open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - leave)))
