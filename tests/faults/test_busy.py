"""Programs that open, write and close a gallery at the same time wait for one another; none fails at once.

One of the readers is another user, which takes root.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import faiss
import numpy.ma
import pytest

from tests.helpers.faults.other_user import become, public_folder
from tests.helpers.toy_gallery import embed, fill, filled, people
from textreid_index import Gallery
from textreid_index.backends import exact, flat

IMPORTED_AS_ROOT = (faiss, numpy.ma, exact, flat)
ROUNDS = 15
KEPT = 20


def add(folder: Path, name: str) -> str:
    for number in range(ROUNDS):
        with Gallery.open(folder) as gallery:
            fill(gallery, people(3, f"{name}{number}-"))
    return "right"


def add_and_forget(folder: Path, name: str) -> str:
    for number in range(ROUNDS):
        with Gallery.open(folder) as gallery:
            fill(gallery, people(3, f"{name}{number}-"))
            assert gallery.forget(f"photos/{name}{number}-0.jpg") == 3
    return "right"


def look(folder: Path, _: str) -> str:
    """Searches of a gallery to which threes are added."""
    for _ in range(2 * ROUNDS):
        with Gallery.open(folder) as gallery:
            found = len(gallery.search(embed(["q"]), 1000)[0])
            assert found >= KEPT
            assert found % 3 == KEPT % 3
    return "right"


def look_as_other_user(folder: Path, name: str) -> str:
    become()
    return look(folder, name)


@pytest.mark.parametrize(
    "programs",
    [[add, look], [add, look_as_other_user], [add_and_forget, look], [add_and_forget, add_and_forget, add]],
    ids=lambda programs: " beside ".join(program.__name__ for program in programs),
)
def test_nobody_fails_while_others_come_and_go(programs: list[Callable[[Path, str], str]]) -> None:
    with public_folder() as place, ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        filled(place / "g", KEPT)[0].close()
        (place / "g").chmod(0o755)
        (place / "g" / "gallery.sqlite").chmod(0o644)
        running = [
            pool.submit(program, place / "g", f"w{number}-") for number, program in enumerate(programs)
        ]
        assert [program.result() for program in running] == ["right"] * len(programs)
        with Gallery.open(place / "g") as gallery:
            assert gallery.verify() == []
            assert len(gallery) == KEPT + 3 * ROUNDS * programs.count(add)
