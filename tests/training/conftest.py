"""One run of all stages, for every test that only looks at what a run leaves."""

from __future__ import annotations

import pytest

from tests.helpers.finished_run import FinishedRun, finish, recipe_of_all_stages


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return finish(recipe_of_all_stages(), tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("before"))
