"""Whatever call a training run is killed before, the same command ends it as if it had been left alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.helpers.faults.killing import forking_pool, outcomes
from tests.helpers.tiny_run import BY_STAGE, go_on, train_tiny, write_people
from textreid import registry
from textreid.training import stages

STAGES = BY_STAGE["double"]
"""Those that only their files know."""


def test_it_goes_on_to_the_same_weights_numbers_log_and_files(tmp_path: Path) -> None:
    """Of the folders that kills leave each sixteenth is looked at; long tests look at all, of all stages."""
    write_people(tmp_path)
    train, resume = (partial(function, tmp_path, STAGES) for function in (train_tiny, go_on))
    with forking_pool() as pool:
        expected = pool.submit(go_on, tmp_path, STAGES, tmp_path / "alone").result()
        found = outcomes(pool, train, resume, tmp_path / "killed", every=16)
    assert len(found) > 4
    for one in found:
        assert one.left == expected, one.before


def test_every_stage_is_killed_in_the_long_tests() -> None:
    assert set(registry.names(stages)) <= BY_STAGE.keys()
