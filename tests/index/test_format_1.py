"""A gallery that b9f9629 wrote is brought to the present format with everything that it holds."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from textreid_index import Gallery, GalleryDamagedError

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "b9f9629" / "folders.tar.xz"
UPLOAD = "uploads/Sent-by-mail-87de74a09e505857.jpg"


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("former")
    with tarfile.open(ARCHIVE) as archive:
        members = [member for member in archive.getmembers() if member.name.startswith("gallery/")]
        archive.extractall(folder, members, filter="data")
    return folder / "gallery"


@pytest.fixture
def old(former: Path, tmp_path: Path) -> Path:
    (tmp_path / "gallery" / "uploads").mkdir(parents=True)
    for name in ("gallery.sqlite", UPLOAD):
        (tmp_path / "gallery" / name).write_bytes((former / name).read_bytes())
    return tmp_path / "gallery"


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def test_its_tables_are_those_of_a_new_gallery(old: Path, tmp_path: Path) -> None:
    def columns(folder: Path) -> dict[str, set[tuple]]:
        with closing(sqlite3.connect(folder / "gallery.sqlite")) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            indexes = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
            described = {
                name: {row[1:4] for row in db.execute(f"PRAGMA table_info({name})")} for name in names
            }
        return {**described, "indexes": {(name,) for name in indexes}}

    Gallery.open(old).close()
    Gallery.open(tmp_path / "new", create=True).close()
    assert columns(old) == columns(tmp_path / "new")


def test_its_uploads_are_its_own_wherever_it_lies_now(old: Path) -> None:
    with Gallery.open(old) as gallery:
        assert gallery.verify() == []
        inside = [record for record in gallery.records() if not record.source.startswith(("/", "memory:"))]
        assert [record.source for record in inside] == [UPLOAD]
        assert gallery.source_state(UPLOAD) is not None


def test_files_of_others_that_are_called_like_uploads_stay_where_they_are(old: Path) -> None:
    (old / UPLOAD).unlink()
    with Gallery.open(old) as gallery:
        assert all(record.source.startswith(("/", "memory:")) for record in gallery.records())


def test_of_its_files_it_is_not_claimed_how_many_people_they_should_have(old: Path) -> None:
    change(old, "PRAGMA foreign_keys = ON", "DELETE FROM people WHERE key IN (SELECT min(key) FROM people)")
    with Gallery.open(old) as gallery:
        assert gallery.verify() == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE people SET camera = 'other' WHERE key = 2", "The record of"),
        ("UPDATE sources SET people = 77 WHERE status = 'done'", "The state of the source"),
        ("UPDATE gallery SET name = 'other'", "The gallery's own row"),
    ],
)
def test_what_was_damaged_before_is_not_made_whole(old: Path, statement: str, named: str) -> None:
    change(old, statement)
    with Gallery.open(old) as gallery:
        assert any(problem.startswith(named) for problem in gallery.verify())


@pytest.mark.parametrize("number", [0, -1, -(2**31)])
def test_a_format_that_nobody_writes_is_named_as_it_is(old: Path, number: int) -> None:
    change(old, f"PRAGMA user_version = {number}")
    before = (old / "gallery.sqlite").read_bytes()
    with pytest.raises(GalleryDamagedError, match=f"its format is {number}; the first is 1"):
        Gallery.open(old)
    assert (old / "gallery.sqlite").read_bytes() == before
