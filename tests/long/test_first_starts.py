"""The built-in gallery after a first start was killed before any of its file operations."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.faults.killing import forking_pool, outcomes
from tests.helpers.first_starts import PEOPLE, make, start_again


def test_a_start_that_was_killed_leaves_nothing_that_the_next_does_not_remove(tmp_path: Path) -> None:
    with forking_pool() as pool:
        found = outcomes(pool, make, start_again, tmp_path)
    assert len(found) > 20
    assert {one.left for one in found} == {(PEOPLE, 1)}
