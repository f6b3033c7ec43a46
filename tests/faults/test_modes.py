"""A gallery and an export of it are made for their owner alone, and keep the permissions that somebody gives.

Another user of the machine tries to read them, which takes root.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from getpass import getuser
from pathlib import Path

import faiss
import numpy.ma
import pytest

from tests.helpers.faults.other_user import as_other_user, public_folder
from tests.helpers.toy_gallery import embed, fill, filled, people
from textreid_index import Gallery, GalleryError
from textreid_index.backends import exact, flat
from textreid_index.whole_folder import whole_file, whole_folder

IMPORTED_AS_ROOT = (faiss, numpy.ma, exact, flat)


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=["open umask", "usual umask", "strict umask"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> set[tuple[str, int]]:
    return {
        ("folder" if path.is_dir() else "file", stat.S_IMODE(path.stat().st_mode))
        for path in (folder, *folder.rglob("*"))
    }


def look(folder: Path) -> str:
    try:
        with Gallery.open(folder) as gallery:
            hits = gallery.search(embed(["q"]), 99)[0]
            return f"{len(gallery)} people, {len(hits)} hits, {len(gallery.verify())} problems"
    except GalleryError as error:
        return str(error)


def take(folder: Path) -> str:
    try:
        return (folder / "records.jsonl").read_text()
    except OSError as error:
        return str(error.strerror)


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_for_its_owner_alone() -> None:
    with public_folder() as place:
        gallery, _, _ = filled(place / "g", 5)
        with gallery:
            gallery.export(place / "exported")
            for made in (place / "g", place / "exported"):
                assert modes(made) == {("folder", 0o700), ("file", 0o600)}
            assert "Permission denied" in as_other_user(look, place / "g")
            assert as_other_user(take, place / "exported") == "Permission denied"


@pytest.mark.usefixtures("umask")
def test_what_somebody_allowed_stays_allowed_whatever_is_written() -> None:
    with public_folder() as place:
        filled(place / "g", 5)[0].close()
        (place / "g").chmod(0o755)
        (place / "g" / "gallery.sqlite").chmod(0o644)
        with Gallery.open(place / "g") as gallery:
            fill(gallery, people(3, "late"))
            assert modes(place / "g") == {("folder", 0o755), ("file", 0o644)}
            assert as_other_user(look, place / "g") == "8 people, 8 hits, 0 problems"
            gallery.delete(["p000"])
        assert modes(place / "g") == {("folder", 0o755), ("file", 0o644)}
        assert as_other_user(look, place / "g") == "7 people, 7 hits, 0 problems"


def test_a_folder_that_was_there_before_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "g").mkdir()
    (tmp_path / "g").chmod(0o750)
    filled(tmp_path / "g", 5)[0].close()
    assert modes(tmp_path / "g") == {("folder", 0o750), ("file", 0o600)}


def test_who_may_read_is_said() -> None:
    with public_folder() as place, closing(filled(place / "g", 5)[0]) as gallery:
        assert gallery.stats().readers == f"{getuser()} alone"
        (place / "g" / "gallery.sqlite").chmod(0o644)
        assert gallery.stats().readers == f"{getuser()} alone"
        (place / "g").chmod(0o711)
        assert gallery.stats().readers == "everybody on this machine"
        (place / "g").chmod(0o710)
        assert gallery.stats().readers == f"{getuser()} and the group root"


def test_a_killed_writers_log_is_read_where_nothing_may_be_written() -> None:
    """With and without the shared memory that SQLite keeps beside the log."""
    with public_folder() as place:
        filled(place / "g", 5)[0].close()
        with Gallery.open(place / "g") as gallery:
            fill(gallery, people(3, "late"))
            copy(place / "g", place / "killed")
        for mode in (0o755, 0o555):
            (place / "killed").chmod(mode)
            assert as_other_user(look, place / "killed") == "8 people, 8 hits, 0 problems"
        (place / "killed" / "gallery.sqlite-shm").unlink()
        for mode in (0o755, 0o555):
            (place / "killed").chmod(mode)
            assert as_other_user(look, place / "killed") == "8 people, 8 hits, 0 problems"
        assert (place / "killed" / "gallery.sqlite-wal").stat().st_size > 0


def copy(open_gallery: Path, target: Path) -> None:
    """What a writer leaves that is killed now, for everybody to read."""
    target.mkdir()
    for file in open_gallery.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
        (target / file.name).chmod(0o644)


def test_what_takes_the_place_of_something_gets_its_permissions(tmp_path: Path) -> None:
    for round in range(2):
        with whole_folder(tmp_path / "out", replace=True) as folder:
            (folder / "inside").mkdir()
            (folder / "inside" / "a.txt").write_text(f"{round}")
            (folder / f"{round}.txt").touch()
        with whole_file(tmp_path / "file") as file:
            file.write(b"text")
        if round == 0:
            usual = stat.S_IMODE((tmp_path / "out" / "0.txt").stat().st_mode)
            (tmp_path / "out").chmod(0o711)
            (tmp_path / "out" / "inside" / "a.txt").chmod(0o640)
            (tmp_path / "file").chmod(0o604)
    assert (tmp_path / "out" / "inside" / "a.txt").read_text() == "1"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o711
    assert stat.S_IMODE((tmp_path / "out" / "inside" / "a.txt").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "out" / "1.txt").stat().st_mode) == usual
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o604
