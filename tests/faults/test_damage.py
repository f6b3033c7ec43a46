"""A bit flipped anywhere in a gallery's file: every answer is right, or an error of the gallery says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.faults.bit_flips import ALL_KINDS
from tests.helpers.faults.damaged_gallery import (
    Whole,
    make_whole,
    wrong_answers,
    wrong_deletions,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return make_whole(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_answer_is_right_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_answers(whole, kind, 10, tmp_path, seed=0) == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_who_is_deleted_is_gone_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_deletions(whole, kind, 4, tmp_path, seed=1) == []
