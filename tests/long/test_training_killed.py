"""Runs of every stage, killed before each of their file operations, end as if they had been left alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.helpers.faults.killing import forking_pool, outcomes
from tests.helpers.tiny_run import BY_STAGE, go_on, train_tiny, write_people


@pytest.mark.parametrize("stage", BY_STAGE)
def test_they_go_on_to_the_same_weights_numbers_log_and_files(tmp_path: Path, stage: str) -> None:
    write_people(tmp_path)
    train, resume = (partial(function, tmp_path, BY_STAGE[stage]) for function in (train_tiny, go_on))
    with forking_pool() as pool:
        expected = pool.submit(go_on, tmp_path, BY_STAGE[stage], tmp_path / "alone").result()
        found = outcomes(pool, train, resume, tmp_path / "killed")
    for one in found:
        assert one.left == expected, one.before
