"""Whatever call a training run is killed before, the same command ends it as if it had been left alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.helpers.faults.killing import forking_pool, outcomes
from tests.helpers.tiny_run import BY_STAGE, go_on, train_tiny, write_people
from textreid import registry
from textreid.training import stages

SHORT = {"steer": 24, "double": 12}
"""Stages that only their files know, and of how many folders that kills leave one is looked at."""


@pytest.mark.parametrize("stage", SHORT)
def test_it_goes_on_to_the_same_weights_numbers_log_and_files(tmp_path: Path, stage: str) -> None:
    write_people(tmp_path)
    train, resume = (partial(function, tmp_path, BY_STAGE[stage]) for function in (train_tiny, go_on))
    with forking_pool() as pool:
        expected = pool.submit(go_on, tmp_path, BY_STAGE[stage], tmp_path / "alone").result()
        found = outcomes(pool, train, resume, tmp_path / "killed", every=SHORT[stage])
    assert len(found) > 2
    for one in found:
        assert one.left == expected, one.before


def test_every_stage_is_killed_in_the_long_tests() -> None:
    assert set(registry.names(stages)) <= BY_STAGE.keys()
