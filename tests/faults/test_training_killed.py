"""Whatever call a training run is killed before, the same command ends it as if it had been left alone."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.helpers.faults.killing import forking_pool, outcomes
from tests.helpers.tiny_run import (
    BY_STAGE,
    go_on,
    go_on_with_two_seeds,
    train_tiny,
    train_two_seeds,
    write_people,
)
from textreid import registry
from textreid.training import stages

STAGES = BY_STAGE["double"]
"""Those that only their files know."""


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with forking_pool() as pool:
        yield pool


def test_it_goes_on_to_the_same_weights_numbers_log_and_files(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    """Of the folders that kills leave each fortieth is looked at; long tests look at all, of all stages."""
    write_people(tmp_path)
    train, resume = (partial(function, tmp_path, STAGES) for function in (train_tiny, go_on))
    expected = pool.submit(go_on, tmp_path, STAGES, tmp_path / "alone").result()
    found = outcomes(pool, train, resume, tmp_path / "killed", every=40)
    assert len(found) > 4
    for one in found:
        assert one.left == expected, one.before


def test_every_stage_is_killed_in_the_long_tests() -> None:
    assert set(registry.names(stages)) <= BY_STAGE.keys()


def test_several_seeds_go_on_to_the_same_runs_and_summary(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    write_people(tmp_path)
    tables = [{"name": "double"}]
    train, resume = (
        partial(function, tmp_path, tables) for function in (train_two_seeds, go_on_with_two_seeds)
    )
    expected = pool.submit(go_on_with_two_seeds, tmp_path, tables, tmp_path / "alone").result()
    found = outcomes(pool, train, resume, tmp_path / "killed", every=40)
    assert expected.keys() == {"seed-0", "seed-1", "summary"}
    assert len(found) > 2
    for one in found:
        assert one.left == expected, one.before
