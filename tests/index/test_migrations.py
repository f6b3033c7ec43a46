"""A gallery of an earlier format is brought up to date whole or not at all, with a copy of it first.

The steps are made up here: they stand for what a later format than the present one changes. What b9f9629
wrote in format 1 is opened in tests/test_compatibility.py.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.helpers.faults.small_disk import FILLING, fill_up, small_disk
from tests.helpers.toy_gallery import embed, fill, filled, people
from tests.helpers.toy_migrations import add_index, add_mood
from textreid_index import Gallery, GalleryError, GalleryFullError
from textreid_index.store import migrations, people_table, schema

PRESENT = schema.FORMAT
TO_NEXT, TO_AFTER_NEXT = (f"from format {PRESENT} to {PRESENT + steps}" for steps in (1, 2))
COPY = f"gallery.sqlite.format-{PRESENT}"


def make_people_anew(db: sqlite3.Connection, _: Path) -> None:
    """What SQLite advises where ALTER TABLE is not enough: a new table, filled, in place of the old one."""
    db.execute("CREATE TABLE wider AS SELECT *, '' AS mood FROM people")
    db.execute("DROP TABLE people")
    db.execute(schema.TABLES.split(";\n")[1].replace("checksum", "mood TEXT, checksum"))
    columns = f"{people_table.COLUMNS}, mood"
    db.execute(f"INSERT INTO people ({columns}) SELECT {columns} FROM wider")
    db.execute("DROP TABLE wider")


def stumble(db: sqlite3.Connection, _: Path) -> None:
    db.execute("DELETE FROM thumbnails WHERE key > 2")
    raise ValueError("a row that nobody thought of")


def ask_for_a_missing_table(db: sqlite3.Connection, _: Path) -> None:
    db.execute("DELETE FROM sources")
    db.execute("UPDATE moods SET mood = ''")


def leave_orphans(db: sqlite3.Connection, _: Path) -> None:
    db.execute("DELETE FROM people WHERE key = 3")


def bring_forward(monkeypatch: pytest.MonkeyPatch, *steps: migrations.Migration) -> None:
    """From here on the present format is the one that these steps lead to."""
    monkeypatch.setattr(schema, "FORMAT", PRESENT + len(steps))
    monkeypatch.setattr(migrations, "MIGRATIONS", dict(enumerate(steps, PRESENT)))


def content(gallery: Gallery) -> list[object]:
    records = list(gallery.records())
    ids = [record.id for record in records]
    return [
        records,
        gallery.vectors(ids).tobytes(),
        [gallery.thumbnail(id) for id in ids],
        gallery.search(embed(["q"]), 9)[0].to_dicts(),
        gallery.generation,
        gallery.verify(),
    ]


def number(file: Path) -> int:
    with closing(sqlite3.connect(file)) as db:
        return db.execute("PRAGMA user_version").fetchone()[0]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, list[object]]:
    """A gallery of the format before those steps, and what it holds."""
    gallery, _, _ = filled(tmp_path / "g", 30)
    with gallery:
        before = content(gallery)
    assert number(tmp_path / "g" / "gallery.sqlite") == PRESENT
    return tmp_path / "g", before


def test_there_is_a_step_from_every_format() -> None:
    assert sorted(migrations.MIGRATIONS) == list(range(1, schema.FORMAT))


def test_where_nothing_changed_nothing_is_copied(old: tuple) -> None:
    folder, before = old
    with Gallery.open(folder) as gallery:
        assert content(gallery) == before
    assert names(folder) == ["gallery.commits", "gallery.sqlite"]


@pytest.mark.parametrize("steps", [[add_mood], [add_mood, add_index], [make_people_anew]])
def test_steps_are_taken_in_order_and_nothing_is_lost(
    old: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list
) -> None:
    folder, before = old
    with monkeypatch.context() as patch:
        bring_forward(patch, *steps)
        with Gallery.open(folder) as gallery:
            assert content(gallery) == before
            fill(gallery, people(2, "late"))
            assert len(gallery) == 32
        assert names(folder) == ["gallery.commits", "gallery.sqlite", COPY]
        assert number(folder / "gallery.sqlite") == PRESENT + len(steps)
        made = (folder / COPY).stat().st_mtime_ns
        with Gallery.open(folder) as gallery:  # the second time there is nothing to do
            assert gallery.verify() == []
        assert (folder / COPY).stat().st_mtime_ns == made
    former = tmp_path / "former"
    former.mkdir()
    shutil.copy(folder / COPY, former / "gallery.sqlite")
    with Gallery.open(former) as gallery:
        assert content(gallery) == before


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([stumble], f"{TO_NEXT} and is as it was: a row that nobody thought of"),
        (
            [ask_for_a_missing_table],
            f"{TO_NEXT} and is as it was: .*no such table: moods",
        ),
        (
            [add_mood, stumble],
            f"{TO_AFTER_NEXT} and is as it was: a row that nobody thought of",
        ),
        ([leave_orphans], f"{TO_NEXT} and is as it was: a row would belong to nobody"),
    ],
)
def test_a_step_that_fails_leaves_the_gallery_as_it_was(
    old: tuple, monkeypatch: pytest.MonkeyPatch, steps: list, reason: str
) -> None:
    folder, before = old
    with monkeypatch.context() as patch:
        bring_forward(patch, *steps)
        with pytest.raises(GalleryError, match=reason):
            Gallery.open(folder)
    assert names(folder) == ["gallery.commits", "gallery.sqlite"]
    with Gallery.open(folder) as gallery:
        assert content(gallery) == before


def test_without_a_copy_no_step_is_taken(old: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, before = old
    (folder / COPY / "in the way").mkdir(parents=True)
    with monkeypatch.context() as patch:
        bring_forward(patch, add_mood)
        with pytest.raises(
            GalleryError,
            match=f"could not be brought {TO_NEXT} and is as it was",
        ):
            Gallery.open(folder)
    assert names(folder) == ["gallery.commits", "gallery.sqlite", COPY]
    with Gallery.open(folder) as gallery:
        assert content(gallery) == before


def test_on_a_full_disk_it_is_searched_as_it_is(
    old: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And brought up to date as soon as there is room. Needs Linux and root."""
    folder, before = old
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        shutil.copytree(folder, disk / "g")
        stored = (disk / "g" / "gallery.sqlite").read_bytes()
        bring_forward(monkeypatch, add_mood)
        for room in (0, 20_000):
            fill_up(disk, leave=room)
            with Gallery.open(disk / "g") as gallery:
                assert content(gallery) == before
                for change in (lambda: fill(gallery, people(1, "late")), lambda: gallery.delete(["p003"])):
                    with pytest.raises(GalleryFullError):
                        change()
                assert content(gallery) == before
            assert (disk / "g" / "gallery.sqlite").read_bytes() == stored
        (disk / FILLING).unlink()
        with Gallery.open(disk / "g") as gallery:
            assert content(gallery) == before
            assert gallery.delete(["p003"]) == 1


KILLED = """
import os, shutil, sqlite3, sys
from itertools import count
from textreid_index import Gallery
from textreid_index.store import migrations, schema
from tests.helpers.toy_migrations import add_index, add_mood

before = schema.FORMAT
schema.FORMAT, migrations.MIGRATIONS = before + 2, {before: add_mood, before + 1: add_index}
left = None

def step():
    global left
    left -= 1
    if left < 0:
        os._exit(9)

class Dying(sqlite3.Connection):
    def execute(self, *arguments):
        step()
        return super().execute(*arguments)
    def backup(self, *arguments):
        step()
        return super().backup(*arguments)
    def commit(self):
        step()
        return super().commit()

def dying(function):
    def call(*arguments, **options):
        step()
        return function(*arguments, **options)
    return call

connect = sqlite3.connect
old, folder = sys.argv[1:]
for moment in count():
    shutil.copytree(old, f"{folder}/{moment}")
    if not os.fork():
        left = moment
        sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Dying, **options)
        for name in ("fsync", "replace", "unlink"):
            setattr(os, name, dying(getattr(os, name)))
        Gallery.open(f"{folder}/{moment}")
        os._exit(0)
    _, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9), code
    if code == 0:
        break
"""


def test_killed_before_each_step(old: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies before each statement, copy, commit and rename in turn: the old is whole, or the new."""
    folder, before = old
    after = tmp_path / "killed"
    after.mkdir()
    subprocess.run([sys.executable, "-c", KILLED, str(folder), str(after)], check=True, timeout=120)
    left = sorted(after.iterdir(), key=lambda path: int(path.name))
    formats = []
    for killed in left:
        formats.append(number(killed / "gallery.sqlite"))
        assert (killed / COPY).exists() or formats[-1] == PRESENT
        bring_forward(monkeypatch, add_mood, add_index)
        with Gallery.open(killed) as gallery:
            assert content(gallery) == before
        assert names(killed) == ["gallery.commits", "gallery.sqlite", COPY]
        assert number(killed / "gallery.sqlite") == PRESENT + 2
    assert set(formats) == {PRESENT, PRESENT + 2}
    assert formats == sorted(formats)
    assert len(formats) > 20


def test_who_may_not_read_the_gallery_may_not_read_its_copy(
    old: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = old
    (folder / "gallery.sqlite").chmod(0o600)
    bring_forward(monkeypatch, add_mood)
    Gallery.open(folder).close()
    assert (folder / COPY).stat().st_mode & 0o777 == 0o600


def test_two_openers_at_once_take_the_step_once(old: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, before = old
    taken = []

    def slow(db: sqlite3.Connection, folder: Path) -> None:
        taken.append(db)
        add_mood(db, folder)
        time.sleep(0.3)

    bring_forward(monkeypatch, slow)

    def look(_: int) -> list[object]:
        with Gallery.open(folder) as gallery:
            return content(gallery)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(look, range(4))) == [before] * 4
    assert len(taken) == 1


def test_the_copy_goes_with_the_first_who_is_deleted(old: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = old
    bring_forward(monkeypatch, add_mood)
    with Gallery.open(folder) as gallery:
        thumbnail = gallery.thumbnail("p003")
        assert thumbnail in (folder / COPY).read_bytes()
        gallery.delete(["p003"])
        assert not (folder / COPY).exists()
        assert all(thumbnail not in file.read_bytes() for file in folder.iterdir())
