"""A training run that fills its disk says so in one sentence, and goes on once there is room. Needs root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.helpers.faults.killing import forking_pool
from tests.helpers.faults.small_disk import FILLING, fill_up, small_disk
from tests.helpers.tiny_run import BY_STAGE, go_on, train_tiny, write_people
from textreid.errors import InputError

SIZE = 16 * 2**20
"""More than the run takes."""
STAGES = BY_STAGE["double"]


def fill_and_go_on(root: Path, disk: Path, steps: int) -> tuple[list[str], dict[str, Any]]:
    """Give the command again and again, each time with as much more room as a `steps`-th of what it needs.

    Returns:
        What each command that did not come to its end has said, and what the last ends with.
    """
    said = []
    for step in range(1, steps + 1):
        (disk / FILLING).unlink(missing_ok=True)
        fill_up(disk, leave=step * _need(root) // steps - _used(disk))
        try:
            train_tiny(root, STAGES, disk)
        except InputError as error:
            said.append(str(error))
    (disk / FILLING).unlink()
    return said, go_on(root, STAGES, disk)


def _used(disk: Path) -> int:
    free = os.statvfs(disk)
    return (free.f_blocks - free.f_bavail) * free.f_frsize


def _need(root: Path) -> int:
    """Bytes that a run takes at its end."""
    return sum(path.stat().st_size for path in (root / "alone").rglob("*"))


def test_it_says_so_and_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    write_people(tmp_path)
    with forking_pool() as pool, small_disk(tmp_path / "disk", SIZE) as disk:
        expected = pool.submit(go_on, tmp_path, STAGES, tmp_path / "alone").result()
        said, found = pool.submit(fill_and_go_on, tmp_path, disk, 7).result()
    assert len(said) > 1
    assert set(said) == {
        f"The disk of '{disk / 'run'}', {disk}, is full: free space on it, and give the same command again."
    }
    assert found == expected
