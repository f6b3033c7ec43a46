"""The built-in gallery while several programs make it, and after one of them was killed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.faults.killing import forking_pool, outcomes
from tests.helpers.first_starts import FRAMES, PEOPLE, make, start_again
from tests.helpers.toy import ToyEncoder
from textreid_demo import built_in
from textreid_index import Gallery


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with forking_pool() as pool:
        yield pool


def test_of_several_first_starts_one_makes_the_gallery_and_all_have_it(tmp_path: Path) -> None:
    encoders = [ToyEncoder() for _ in range(4)]

    def start(encoder: ToyEncoder) -> int:
        with Gallery.open(built_in.prepare(encoder, frames=FRAMES, folder=tmp_path)) as gallery:
            return len(list(gallery.records()))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(start, encoders)) == [PEOPLE] * 4
    assert sorted(encoder.images_seen for encoder in encoders) == [0, 0, 0, PEOPLE]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_start_that_was_killed_leaves_nothing_that_the_next_does_not_remove(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    """Of the folders that kills leave each fourth is started from; long tests start from all."""
    found = outcomes(pool, make, start_again, tmp_path, every=4)
    assert len(found) > 5
    assert {one.left for one in found} == {(PEOPLE, 1)}


def test_one_that_another_program_holds_is_not_replaced(tmp_path: Path) -> None:
    """Whoever serves it goes on reading the file that is there."""
    with Gallery.open(built_in.prepare(ToyEncoder(), frames=FRAMES, folder=tmp_path)) as served:
        file = (served.path / "gallery.sqlite").stat().st_ino
        make(tmp_path)
        assert (served.path / "gallery.sqlite").stat().st_ino == file
