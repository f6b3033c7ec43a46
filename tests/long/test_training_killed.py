"""Runs of every stage, killed before each of their file operations, end as if they had been left alone."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from tests.helpers.faults.killing import forking_pool, kill_after, outcomes
from tests.helpers.small_models import phase
from tests.helpers.tiny_run import (
    BY_STAGE,
    go_on,
    go_on_with_two_seeds,
    train_tiny,
    train_two_seeds,
    write_people,
)


@pytest.mark.parametrize("stage", BY_STAGE)
def test_they_go_on_to_the_same_weights_numbers_log_and_files(tmp_path: Path, stage: str) -> None:
    write_people(tmp_path)
    train, resume = (partial(function, tmp_path, BY_STAGE[stage]) for function in (train_tiny, go_on))
    with forking_pool() as pool:
        expected = pool.submit(go_on, tmp_path, BY_STAGE[stage], tmp_path / "alone").result()
        found = outcomes(pool, train, resume, tmp_path / "killed")
    for one in found:
        assert one.left == expected, one.before


def test_several_seeds_go_on_to_the_same_runs_and_summary(tmp_path: Path) -> None:
    write_people(tmp_path)
    tables = [phase()]
    train, resume = (
        partial(function, tmp_path, tables) for function in (train_two_seeds, go_on_with_two_seeds)
    )
    with forking_pool() as pool:
        expected = pool.submit(go_on_with_two_seeds, tmp_path, tables, tmp_path / "alone").result()
        found = outcomes(pool, train, resume, tmp_path / "killed")
    for one in found:
        assert one.left == expected, one.before


@pytest.mark.parametrize("moment", range(30))
def test_a_kill_at_any_moment_is_one_before_some_operation(tmp_path: Path, moment: int) -> None:
    """Also while libraries write: TensorBoard's events, tokenizers, weights."""
    write_people(tmp_path)
    tables = BY_STAGE["phase"]
    with forking_pool() as pool:
        started = monotonic()
        expected = pool.submit(go_on, tmp_path, tables, tmp_path / "alone").result()
        seconds = random.Random(moment).uniform(0, monotonic() - started)
        kill_after(pool, seconds, partial(train_tiny, tmp_path, tables), tmp_path / "killed")
        assert pool.submit(go_on, tmp_path, tables, tmp_path / "killed").result() == expected
