"""A bit flipped anywhere in a gallery's file: hundreds of draws of what tests/faults does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.faults.bit_flips import ALL_KINDS
from tests.helpers.faults.damaged_gallery import (
    Whole,
    make_whole,
    wrong_answers,
    wrong_deletions,
    wrong_exports,
    wrong_repairs,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return make_whole(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_answer_is_right_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_answers(whole, kind, 120, tmp_path, seed=10) == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_who_is_deleted_is_gone_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_deletions(whole, kind, 40, tmp_path, seed=11) == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_an_export_is_right_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_exports(whole, kind, 8, tmp_path, seed=12) == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_repaired_gallery_is_whole_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_repairs(whole, kind, 40, tmp_path, seed=13) == []
