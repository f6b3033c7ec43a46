"""A bit flipped anywhere in a gallery's file: every answer is right, or an error of the gallery says so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.helpers.faults.bit_flips import ALL_KINDS
from tests.helpers.faults.damaged_gallery import (
    Whole,
    make_whole,
    wrong_answers,
    wrong_deletions,
    wrong_repairs,
)
from tests.helpers.toy_gallery import embed, fill, filled, people
from textreid_index import Gallery, GalleryDamagedError, SourceState, Where
from textreid_index.files import Copy


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return make_whole(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_answer_is_right_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_answers(whole, kind, 10, tmp_path, seed=0) == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_who_is_deleted_is_gone_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_deletions(whole, kind, 4, tmp_path, seed=1) == []


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_repaired_gallery_is_whole_or_an_error_says_so(whole: Whole, tmp_path: Path, kind: str) -> None:
    assert wrong_repairs(whole, kind, 4, tmp_path, seed=2) == []


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        db.execute(statement)
        db.commit()


def hide_from_index(folder: Path) -> None:
    """Take everybody on camera c1 out of the index of cameras, and leave them in the table."""
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'people_camera'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with (folder / "gallery.sqlite").open("r+b") as file:
        file.seek((page - 1) * size + 3)  # the number of entries on the page
        file.write((2).to_bytes(2, "big"))


def test_an_index_that_misses_people_is_refused_and_repaired(tmp_path: Path) -> None:
    gallery, records, _ = filled(tmp_path / "g", 30)
    gallery.close()
    hide_from_index(tmp_path / "g")
    with Gallery.open(tmp_path / "g") as gallery:
        for _ in range(2):
            with pytest.raises(GalleryDamagedError, match=r"indexes are damaged.*textreid gallery repair"):
                gallery.search(embed(["q"]), 9, Where(camera="c1"))
        with pytest.raises(GalleryDamagedError, match="indexes are damaged"):
            fill(gallery, people(1, "late"))
        assert gallery.repair() == 0
        assert len(gallery.search(embed(["q"]), 99, Where(camera="c1"))[0]) == 10
        assert list(gallery.records()) == records
        assert gallery.verify() == []


@pytest.mark.parametrize("table", ["people", "sources", "copies", "deletions"])
def test_text_that_is_no_unicode_any_more_is_repaired(tmp_path: Path, table: str) -> None:
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        state = SourceState("photos/p0.jpg", 1, 2, "hog", "done", 10, None, None, None, 1)
        fill(gallery, people(10), source=state)
        gallery.files.note_copies([Copy("photos/copy.jpg", "photos/p0.jpg", 3)])
        gallery.delete(["p003"])
    column = {"sources": "settings", "copies": "path"}.get(table, "source")
    undecodable = f"UPDATE {table} SET {column} = CAST(x'ff' || {column} AS TEXT)"
    change(tmp_path / "g", f"{undecodable} WHERE {column} = (SELECT {column} FROM {table} LIMIT 1)")
    with Gallery.open(tmp_path / "g") as gallery:
        assert "changed since it was written" in " ".join(gallery.verify())
        assert gallery.repair() == (9 if table == "people" else 0)
        assert gallery.verify() == []


def test_who_is_damaged_goes_with_a_repair_and_the_file_is_read_again(tmp_path: Path) -> None:
    records = people(20)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        for number in range(2):
            state = SourceState(f"photos/p{number}.jpg", 1, 2, "hog", "done", 10, None, None, None, 1)
            fill(gallery, records[10 * number :][:10], seed=number, source=state)
    change(tmp_path / "g", "UPDATE thumbnails SET jpeg = x'00' WHERE key = 3")
    change(tmp_path / "g", "DELETE FROM vectors WHERE key = 4")
    change(tmp_path / "g", "INSERT INTO vectors VALUES (99, x'00', 0)")
    with Gallery.open(tmp_path / "g") as gallery:
        assert gallery.repair() == 2
        assert gallery.verify() == []
        assert [record.id for record in gallery.records()][:3] == ["p000", "p001", "p004"]
        assert [state.settings == "hog" for state in gallery.sources()] == [False, True]
