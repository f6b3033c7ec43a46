"""A changed file loses nobody: its old people go in the transaction that brings the new ones."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.faults.killing import forking_pool
from tests.helpers.faults.small_disk import FILLING, fill_up, small_disk
from tests.helpers.faults.tried import tried
from tests.helpers.toy import ToyDetector, ToyEncoder, draw_frame
from tests.helpers.toy_film import write_toy_film
from textreid import PersonSearch
from textreid.people import video
from textreid_index import Gallery, GalleryFullError, SourceState

OLD, NEW = ("red", "blue", "green"), ("pink", "orange")


def draw(folder: Path, colours: tuple[str, ...]) -> None:
    folder.mkdir(exist_ok=True)
    for name in "ab":
        draw_frame([(colour, name_colour(name)) for colour in colours])[0].save(folder / f"{name}.png")


def name_colour(name: str) -> str:
    return {"a": "black", "b": "white"}[name]


def add(place: Path, gallery: str = "gallery", **options: Any) -> None:
    with PersonSearch.open(place / gallery, create=True, encoder=ToyEncoder()) as search:
        search.add(place / "photos", **{"detector": ToyDetector(), **options})


def counts(folder: Path) -> list[int]:
    """How many people each of the photos has in the gallery in this folder."""
    with Gallery.open(folder) as gallery:
        assert gallery.verify() == []
        found = Counter(Path(record.source).name for record in gallery.records())
    return [found[f"{name}.png"] for name in "ab"]


def kill_before_each_statement(place: Path) -> list[list[int]]:
    """What is left where a process that reads changed photos dies before a SQL statement that writes."""
    draw(place / "photos", OLD)
    add(place)
    draw(place / "photos", NEW)
    connect, left = sqlite3.connect, list[list[int]]()
    for moment in range(0, 1000, 8):
        copy = Path(shutil.copytree(place / "gallery", place / str(moment)))
        child = os.fork()
        if not child:
            try:
                sqlite3.connect = dying(connect, moment)
                add(place, copy.name)
                os._exit(0)
            except BaseException:
                os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, 9)
        left.append(counts(copy))
        if code == 0:
            return left
    raise AssertionError("it never came to its end")


def dying(connect: Callable[..., sqlite3.Connection], moment: int) -> Any:
    left = [moment]

    class Dying(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql.startswith(("BEGIN IMMEDIATE", "DELETE", "INSERT", "REPLACE", "UPDATE")):
                self.die()
            return super().execute(sql, *values)

        def commit(self) -> None:
            self.die()
            super().commit()

        @staticmethod
        def die() -> None:
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)

    return lambda *arguments, **options: connect(*arguments, factory=Dying, **options)


def test_killed_before_any_change_it_has_the_old_people_or_the_new(tmp_path: Path) -> None:
    with forking_pool() as pool:
        left = pool.submit(kill_before_each_statement, tmp_path).result()
    tried(len(left))
    assert len(left) > 4
    assert left[0] == [len(OLD)] * 2
    assert left[-1] == [len(NEW)] * 2
    assert {count for each in left for count in each} == {len(OLD), len(NEW)}


def test_on_a_full_disk_it_has_the_old_people_or_the_new(tmp_path: Path) -> None:
    """Root is needed, for the disk."""
    photos, full = tmp_path / "photos", 0
    with small_disk(tmp_path / "disk", 1 << 21) as disk:
        for room in range(0, 400_000, 40_000):
            tried()
            shutil.rmtree(disk / "gallery", ignore_errors=True)
            draw(photos, OLD)
            with PersonSearch.open(disk / "gallery", create=True, encoder=ToyEncoder()) as search:
                search.add(photos, detector=ToyDetector())
                draw(photos, NEW)
                fill_up(disk, leave=room)
                try:
                    search.add(photos, detector=ToyDetector())
                except GalleryFullError:
                    full += 1
            (disk / FILLING).unlink()
            left = counts(disk / "gallery")
            assert set(left) <= {len(OLD), len(NEW)}
    assert full > 2
    assert left == [len(NEW)] * 2


class StopError(Exception):
    """Raised in the middle of a film."""


class TestFilm:
    """A film of eight seconds that is read in stretches of about two."""

    @pytest.fixture(autouse=True)
    def short_stretches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(video, "STRETCH_SECONDS", 1.0)
        monkeypatch.setattr(video, "MAX_STRETCH_SECONDS", 2.0)
        monkeypatch.setattr("textreid.ingest.writer.BATCH", 1)

    @pytest.fixture
    def film(self, tmp_path: Path) -> Path:
        (tmp_path / "photos").mkdir()
        film = write_toy_film(tmp_path / "photos" / "film.mp4", [("red", "blue"), ("green", "white")], 80)
        add(tmp_path, camera="old")
        return film

    @staticmethod
    def people(place: Path) -> list[tuple[str, float]]:
        with Gallery.open(place / "gallery") as gallery:
            assert gallery.verify() == []
            return sorted((record.camera or "", record.offset or 0.0) for record in gallery.records())

    @staticmethod
    def state(place: Path) -> SourceState:
        with Gallery.open(place / "gallery") as gallery:
            (state,) = gallery.sources()
        return state

    def stop_after(self, place: Path, units: int, camera: str) -> None:
        left = [units]

        def progress(step: Any) -> None:
            left[0] -= not step.outdated
            if not left[0]:
                raise StopError

        with pytest.raises(StopError):
            add(place, camera=camera, progress=progress)

    @pytest.mark.parametrize("units", [1, 2, 3])
    def test_what_was_not_read_again_yet_stays_findable(self, tmp_path: Path, film: Path, units: int) -> None:
        before = self.people(tmp_path)
        self.stop_after(tmp_path, units, "new")
        state, half = self.state(tmp_path), self.people(tmp_path)
        assert state.status == "partial"
        assert [offset for camera, offset in half if camera == "old"] == [
            offset for _, offset in before if offset >= (state.resume_at or 0.0)
        ]
        assert [offset for camera, offset in half if camera == "new"] == [
            offset for _, offset in before if offset < (state.resume_at or 0.0)
        ]
        add(tmp_path, camera="new")
        assert self.people(tmp_path) == [("new", offset) for _, offset in before]
        assert self.state(tmp_path).people == len(before)

    def test_a_third_reading_takes_the_place_of_both(self, tmp_path: Path, film: Path) -> None:
        before = self.people(tmp_path)
        self.stop_after(tmp_path, 2, "new")
        self.stop_after(tmp_path, 1, "newest")
        assert {camera for camera, _ in self.people(tmp_path)} == {"old", "new", "newest"}
        assert sorted(offset for _, offset in self.people(tmp_path)) == [offset for _, offset in before]
        add(tmp_path, camera="newest")
        assert self.people(tmp_path) == [("newest", offset) for _, offset in before]

    def test_a_shorter_film_ends_with_its_own_people(self, tmp_path: Path, film: Path) -> None:
        write_toy_film(film, [("pink", "black")], 30)
        add(tmp_path, camera="new")
        left = self.people(tmp_path)
        assert {camera for camera, _ in left} == {"new"}
        assert max(offset for _, offset in left) < 3
