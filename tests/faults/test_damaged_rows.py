"""Damage of any row or index is named, and does not keep anybody from being deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.helpers.toy_gallery import TOY, embed, filled
from textreid_index import EncoderMismatchError, Gallery, GalleryDamagedError, SourceState, Where
from textreid_index.files import Copy

SOURCE = "photos/p0.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve people; one file has a state, a copy, and somebody who was deleted from it."""
    gallery, records, _ = filled(tmp_path / "g", 12)
    with gallery:
        here = [record for record in records if record.source == SOURCE]
        state = SourceState(SOURCE, 1, 2, "toy", "done", len(here), None, None, "c0ffee", 3)
        gallery.add(here, embed([record.id for record in here]), [b"jpeg"] * len(here), source=state)
        gallery.files.note_copies([Copy("photos/copy.jpg", SOURCE, 7)])
        gallery.delete([here[0].id])
        assert len(gallery.files.deleted(state)) == 1
        assert gallery.verify() == []
    return tmp_path / "g"


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


STATE = SourceState(SOURCE, 1, 2, "toy", "done", 10, None, None, "c0ffee", 3)
COLUMNS = {
    "gallery": ("generation", "removed_at", "unscrubbed", "name", "fingerprint", "dim", "checksum"),
    "people": ("source", "x1", "camera", "time", '"offset"', "track", "file", "reading", "checksum"),
    "sources": ("size", "mtime_ns", "settings", "status", "people", "content", "reading", "removed"),
    "copies": ("source", "mtime_ns", "checksum"),
    "deletions": ("source", '"offset"', "x1", "y2", "checksum"),
}
READERS: dict[str, Callable[[Gallery], object]] = {
    "gallery": lambda gallery: gallery.encoder,
    "people": lambda gallery: list(gallery.records()),
    "sources": lambda gallery: gallery.sources(),
    "copies": lambda gallery: gallery.files.copies(),
    "deletions": lambda gallery: gallery.files.deleted(STATE),
}


@pytest.mark.parametrize(("table", "column"), [(table, name) for table in COLUMNS for name in COLUMNS[table]])
@pytest.mark.parametrize("value", ["'x'", "1234567"])
def test_every_column_is_covered_where_it_is_read(folder: Path, table: str, column: str, value: str) -> None:
    change(folder, "PRAGMA foreign_keys = OFF", f"UPDATE {table} SET {column} = {value}")
    with Gallery.open(folder) as gallery:
        assert gallery.verify() != []
        with pytest.raises(GalleryDamagedError, match="changed since it was written"):
            READERS[table](gallery)


@pytest.mark.parametrize("table", ["people", "sources", "copies", "deletions"])
def test_who_is_damaged_can_be_deleted_all_the_same(folder: Path, table: str) -> None:
    change(folder, f"UPDATE {table} SET checksum = checksum + 1")
    with Gallery.open(folder) as gallery:
        assert gallery.delete(["p003", "p004"]) == 2
        assert gallery.forget(SOURCE) == 7
        assert gallery.count(Where(source=SOURCE)) == 0
        if table != "people":
            assert gallery.verify() == []


DAMAGE = [
    "UPDATE gallery SET checksum = checksum + 1",
    "UPDATE gallery SET checksum = checksum + 5",
    "UPDATE gallery SET generation = generation + 64",
    "UPDATE gallery SET generation = -7, removed_at = 'x'",
    "UPDATE gallery SET dim = 77",
    "UPDATE gallery SET identity = x'00ff'",
    "UPDATE gallery SET name = NULL",
    "UPDATE gallery SET fingerprint = 'other'",
    "DELETE FROM gallery",
]


@pytest.mark.parametrize("statement", DAMAGE)
def test_a_damaged_row_of_the_gallery_keeps_nobody_from_being_deleted(folder: Path, statement: str) -> None:
    change(folder, statement)
    with Gallery.open(folder) as gallery:
        with pytest.raises(GalleryDamagedError, match="gallery repair"):
            gallery.search(embed(["q"]), 3)
        assert gallery.delete(["p003", "p004"]) == 2
        assert gallery.forget(SOURCE) == 7
        assert gallery.verify() == []
        assert len(gallery) == 2


@pytest.mark.parametrize("statement", DAMAGE)
def test_a_repaired_row_is_as_it_was_or_refuses_the_search(folder: Path, statement: str) -> None:
    with Gallery.open(folder) as before:
        expected = before.search(embed(["q"]), 20)[0]
    with Gallery.open(folder) as elsewhere:  # which holds the vectors in memory while the row is damaged
        elsewhere.search(embed(["q"]), 3)
        change(folder, statement)
        with Gallery.open(folder) as gallery:
            assert gallery.repair() == 0
            assert gallery.verify() == []
            for handle in (gallery, elsewhere):
                if handle.encoder is not None and handle.encoder.fingerprint == TOY.fingerprint:
                    hits = handle.search(embed(["q"]), 20)[0]
                    assert (hits.ids, hits.scores.tolist()) == (expected.ids, expected.scores.tolist())
                else:
                    with pytest.raises(EncoderMismatchError):
                        handle.search(embed(["q"]), 20)


@pytest.mark.parametrize(
    "column", ["generation", "name", "fingerprint", "dim", "identity", "commits", "checksum"]
)
def test_one_flipped_bit_of_the_gallery_row_is_put_right(folder: Path, column: str) -> None:
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        (value,) = db.execute(f"SELECT {column} FROM gallery").fetchone()
        flipped = value ^ 8 if isinstance(value, int) else chr(ord(value[0]) ^ 4) + value[1:]
        db.execute(f"UPDATE gallery SET {column} = ?", [flipped])
        db.commit()
    with Gallery.open(folder) as gallery:
        assert gallery.verify() == ["The gallery's own row changed since it was written."]
        assert gallery.repair() == 0
        assert gallery.encoder == TOY
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        (now,) = db.execute(f"SELECT {column} FROM gallery").fetchone()
    assert isinstance(value, int) or now == value


def lose_index_entries(folder: Path, index: str) -> None:
    """An index that misses whoever was in the table when it was made: what a damaged page of it does."""
    change(
        folder,
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, ')', ') WHERE key > 1000') WHERE name = '{index}'",
    )
    change(folder, f"REINDEX {index}")
    change(
        folder,
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, ' WHERE key > 1000', '') WHERE name = '{index}'",
    )


@pytest.mark.parametrize("index", ["people_source", "people_file", "people_camera"])
def test_an_index_that_misses_people_keeps_nobody_from_being_deleted(folder: Path, index: str) -> None:
    lose_index_entries(folder, index)
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() != ("ok",)
    with Gallery.open(folder) as gallery:
        assert gallery.delete(["p003"]) == 1
        assert gallery.forget(SOURCE) == 8
        assert gallery.encoder == TOY
        left = gallery.search(embed(["q"]), 20)[0].ids
        assert sorted(left) == ["p010", "p011"]
        assert gallery.verify() == []


def test_verify_compares_what_a_file_should_have(folder: Path) -> None:
    change(folder, "PRAGMA foreign_keys = ON", "DELETE FROM people WHERE id = 'p005'")
    with Gallery.open(folder) as gallery:
        assert gallery.verify() == [f"Of the source '{SOURCE}' there should be 9 people, and there are 8."]
