"""Three recipes overfit: with towers of a few kilobytes they find the drawn people they learned from.

One of captions with noisy pairs and two views, one of images with parts, one of images with attributes; all
others take their turn in `tests/long`.
"""

from __future__ import annotations

import pytest

from tests.helpers.overfit import OverfitRuns


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> OverfitRuns:
    return OverfitRuns(tmp_path_factory.mktemp("overfit"))


@pytest.mark.parametrize("name", ["cuhk-pedes-rde", "market1501-pcb", "market1501-apr"])
def test_recipe_finds_the_people_that_it_learned(name: str, runs: OverfitRuns) -> None:
    assert min(runs.rank_1(name).values()) > 85
