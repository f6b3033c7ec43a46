"""A file is known by its content: wherever it lies now, it is not read again and nobody of it is lost."""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.toy import ToyDetector, ToyEncoder, draw_frame
from tests.helpers.toy_film import write_toy_film
from textreid import PersonSearch
from textreid.ingest.indexing import AddReport
from textreid.people import Boxes
from textreid_index import Where
from textreid_index.store import sources_table


def draw(path: Path, *colours: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    draw_frame([(colour, "black") for colour in colours])[0].save(path)
    return path


class Indexed:
    """A gallery over a folder, and what was seen of it."""

    def __init__(self, search: PersonSearch, encoder: ToyEncoder, folder: Path) -> None:
        self.search, self.encoder, self.folder = search, encoder, folder

    def add(self, path: Path | None = None, **options: object) -> AddReport:
        return self.search.add(path or self.folder, **{"detector": ToyDetector(), **options})  # type: ignore[arg-type]

    def people(self) -> dict[str, str]:
        """id -> source, relative to the folder."""
        prefix = f"{self.folder}/"
        return {record.id: record.source.removeprefix(prefix) for record in self.search.gallery.records()}

    def sources(self) -> list[str]:
        return sorted(self.people().values())


@pytest.fixture
def indexed(tmp_path):
    encoder = ToyEncoder()
    with PersonSearch.open(tmp_path / "gallery", create=True, encoder=encoder) as search:
        yield Indexed(search, encoder, tmp_path / "photos")
        assert search.gallery.verify() == []


def make(folder: Path, kind: str) -> Path:
    if kind == "photo":
        return draw(folder / "a.png", "red", "blue")
    folder.mkdir()
    if kind == "film":
        return write_toy_film(folder / "a.mp4", [("red", "blue"), ("green", "white")])
    draw(folder / "inside.png", "red", "blue")
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(folder / "inside.png", "day/inside.png")
    (folder / "inside.png").unlink()
    return folder / "a.zip"


@pytest.mark.parametrize("kind", ["photo", "film", "zip"])
class TestOneFile:
    def test_that_was_moved_takes_its_people_along(self, indexed, kind):
        file = make(indexed.folder, kind)
        indexed.add()
        before, seen = indexed.people(), indexed.encoder.images_seen
        (indexed.folder / "new").mkdir()
        file.rename(indexed.folder / "new" / f"b{file.suffix}")
        report = indexed.add()
        assert (report.added, report.replaced, report.known) == (0, 0, 1)
        assert indexed.encoder.images_seen == seen
        assert indexed.people() == {id: source.replace("a.", "new/b.", 1) for id, source in before.items()}
        assert len(before) == 2
        for id in before:
            indexed.search.frame(id)

    def test_that_lies_at_two_paths_is_one_entry(self, indexed, kind):
        file = make(indexed.folder, kind)
        indexed.add()
        before = indexed.people()
        copy = indexed.folder / f"copy{file.suffix}"
        shutil.copyfile(file, copy)
        assert (indexed.add().known, indexed.people()) == (2, before)
        assert (indexed.add().known, indexed.people()) == (2, before)
        gallery = indexed.search.gallery
        assert gallery.count(Where(source=str(copy))) == gallery.count(Where(source=str(file))) == 2
        file.unlink()
        assert (indexed.add().known, len(indexed.people())) == (1, 2)
        assert {source.split("!")[0] for source in indexed.sources()} == {copy.name}

    def test_that_is_only_touched_is_not_read_again(self, indexed, kind):
        file = make(indexed.folder, kind)
        indexed.add()
        before, seen = indexed.people(), indexed.encoder.images_seen
        os.utime(file, ns=(1, 1))
        assert (indexed.add().known, indexed.people(), indexed.encoder.images_seen) == (1, before, seen)

    def test_that_is_broken_now_has_no_people_any_more(self, indexed, kind):
        file = make(indexed.folder, kind)
        indexed.add()
        file.write_bytes(b"no picture any more")
        report = indexed.add()
        assert [skipped.source for skipped in report.skipped] == [str(file)]
        assert (report.added, report.replaced, indexed.people()) == (0, 2, {})

    def test_that_cannot_be_looked_at_keeps_its_people(self, indexed, kind, monkeypatch):
        file = make(indexed.folder, kind)
        indexed.add()
        before = indexed.people()
        os.utime(file, ns=(1, 1))

        def refused(*_: object) -> str:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("textreid.ingest.jobs.content_of", refused)
        monkeypatch.setattr("textreid.ingest.jobs.find_people", refused)
        report = indexed.add()
        assert (report.added, len(report.skipped), indexed.people()) == (0, 1, before)
        monkeypatch.undo()
        assert (indexed.add().known, indexed.people()) == (1, before)

    def test_whoever_was_deleted_does_not_come_back_by_other_settings(self, indexed, kind):
        make(indexed.folder, kind)
        indexed.add()
        gone, stays = sorted(indexed.search.gallery.records(), key=lambda record: record.box)
        indexed.search.gallery.delete([gone.id])
        for camera in ("gate", "yard"):
            assert indexed.add(camera=camera).added == 1
            (left,) = indexed.search.gallery.records()
            assert (left.box, left.camera) == (stays.box, camera)

    def test_that_was_moved_keeps_who_was_deleted_away(self, indexed, kind):
        file = make(indexed.folder, kind)
        indexed.add()
        gone, _ = sorted(indexed.search.gallery.records(), key=lambda record: record.box)
        indexed.search.gallery.delete([gone.id])
        file.rename(file.with_name(f"moved{file.suffix}"))
        assert (indexed.add().added, len(indexed.people())) == (0, 1)
        assert (indexed.add(camera="gate").added, len(indexed.people())) == (1, 1)

    def test_that_was_indexed_in_an_earlier_format_is_recognised_from_then_on(self, indexed, kind):
        file = make(indexed.folder, kind)
        indexed.add()
        before, gallery = indexed.people(), indexed.search.gallery
        (state,) = gallery.sources()
        with gallery._store.writing() as db:
            sources_table.write_row(db, replace(state, content=None), None)
        assert indexed.add().known == 1
        file.rename(file.with_name(f"moved{file.suffix}"))
        assert (indexed.add().known, set(indexed.people())) == (1, set(before))


def test_files_that_changed_places_are_all_followed(indexed):
    for name, colours in (("1", ["red"]), ("2", ["red", "blue"]), ("3", ["red", "blue", "green"])):
        draw(indexed.folder / f"{name}.png", *colours)
    indexed.add()
    before, seen = indexed.people(), indexed.encoder.images_seen
    for old, new in (("3", "x"), ("2", "3"), ("1", "2"), ("x", "1")):
        (indexed.folder / f"{old}.png").rename(indexed.folder / f"{new}.png")
    assert indexed.add().known == 3
    moved = {"1.png": "2.png", "2.png": "3.png", "3.png": "1.png"}
    assert indexed.people() == {id: moved[source] for id, source in before.items()}
    assert indexed.encoder.images_seen == seen


def test_a_new_file_at_an_old_path_takes_nobodys_place(indexed):
    """As a log that rotates: its people stand at the same places in the pictures."""
    file = draw(indexed.folder / "camera.png", "red", "blue")
    for number, colour in enumerate(("green", "pink", "orange")):
        assert indexed.add().added == 2
        file.rename(indexed.folder / f"camera.{number}.png")
        draw(file, colour, "white")
    assert indexed.add().added == 2
    assert len(indexed.people()) == 8
    assert (indexed.add().added, len(indexed.people())) == (0, 8)


def test_an_old_file_and_an_equal_new_one_at_its_path_are_one_entry(indexed):
    file = draw(indexed.folder / "camera.png", "red", "blue")
    indexed.add()
    file.rename(indexed.folder / "camera.0.png")
    draw(file, "red", "blue")
    assert (indexed.add().known, indexed.sources()) == (2, ["camera.png", "camera.png"])


def test_of_two_equal_new_files_one_is_read(indexed):
    draw(indexed.folder / "a.png", "red", "blue")
    draw(indexed.folder / "b.png", "red", "blue")
    report = indexed.add()
    assert (report.added, report.known, indexed.sources()) == (2, 1, ["a.png", "a.png"])
    (indexed.folder / "a.png").unlink()
    assert (indexed.add().known, indexed.sources()) == (1, ["b.png", "b.png"])


def test_equal_files_that_cannot_be_used_are_all_named(indexed):
    indexed.folder.mkdir()
    for name in "abc":
        (indexed.folder / f"{name}.png").touch()
    assert [Path(skipped.source).name for skipped in indexed.add().skipped] == ["a.png", "b.png", "c.png"]


def test_the_content_of_a_changed_file_stays_where_it_has_a_copy(indexed):
    file = draw(indexed.folder / "a.png", "red", "blue")
    shutil.copy(file, indexed.folder / "copy.png")
    indexed.add()
    draw(file, "green")
    report = indexed.add()
    assert (report.added, report.replaced) == (1, 0)
    assert indexed.sources() == ["a.png", "copy.png", "copy.png"]
    file.write_bytes(b"broken")
    assert indexed.add().replaced == 1
    assert indexed.sources() == ["copy.png", "copy.png"]


def test_a_copy_that_is_overwritten_is_a_file_of_its_own(indexed):
    file = draw(indexed.folder / "a.png", "red", "blue")
    copy = Path(shutil.copy(file, indexed.folder / "copy.png"))
    indexed.add()
    draw(copy, "green")
    assert indexed.add().added == 1
    assert indexed.sources() == ["a.png", "a.png", "copy.png"]


def test_a_file_overwritten_with_a_known_one_has_the_people_of_that(indexed):
    draw(indexed.folder / "a.png", "red", "blue")
    draw(indexed.folder / "b.png", "green")
    indexed.add()
    shutil.copyfile(indexed.folder / "a.png", indexed.folder / "b.png")
    assert (indexed.add().known, indexed.sources()) == (2, ["a.png", "a.png"])


def test_another_picture_at_the_same_path_is_not_held_to_old_deletions(indexed):
    file = draw(indexed.folder / "a.png", "red", "blue")
    indexed.add()
    indexed.search.gallery.delete(list(indexed.people())[:1])
    draw(file, "green", "pink")
    assert (indexed.add().added, len(indexed.people())) == (2, 2)


def test_of_a_crop_that_was_deleted_nobody_comes_back(indexed):
    draw(indexed.folder / "a.png", "red")
    indexed.add(crops=True)
    indexed.search.gallery.delete(list(indexed.people()))
    assert (indexed.add().added, indexed.people()) == (0, {})


def test_a_folder_that_is_forgotten_is_forgotten_under_all_its_paths(indexed, tmp_path):
    file = draw(indexed.folder / "a.png", "red", "blue")
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.copy(file, other / "b.png")
    indexed.add()
    indexed.add(other)
    assert indexed.search.gallery.forget(str(other)) == 2
    assert indexed.search.gallery.sources() == indexed.search.gallery.files.copies() == []
    assert indexed.add().added == 2


def test_replaced_people_are_counted_apart(indexed):
    draw(indexed.folder / "a.png", "red", "blue")
    draw(indexed.folder / "b.png", "green")
    assert (indexed.add().added, indexed.add().replaced) == (3, 0)
    report = indexed.add(camera="gate")
    assert (report.added, report.replaced, len(indexed.people())) == (3, 3, 3)


class Closer(ToyDetector):
    """Another detector: it boxes people more tightly, and is surer of them late in a film."""

    name = "closer"

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, images):
        self.looks += len(images)
        sure = min(0.99, 0.7 + self.looks / 100)
        return [self.tighter(boxes.xyxy, sure) for boxes in super().detect(images)]

    @staticmethod
    def tighter(boxes, sure):
        large = boxes[boxes[:, 2] - boxes[:, 0] > 20]
        return Boxes(large + np.float32([2, 4, -2, -4]), np.full(len(large), sure, np.float32))


@pytest.mark.parametrize("kind", ["photo", "film", "zip"])
def test_whoever_was_deleted_does_not_come_back_by_another_detector(indexed, kind):
    make(indexed.folder, kind)
    indexed.add()
    gone, stays = sorted(indexed.search.gallery.records(), key=lambda record: record.box)
    indexed.search.gallery.delete([gone.id])
    assert indexed.add(detector=Closer()).added == 1
    (left,) = indexed.search.gallery.records()
    assert left.id != stays.id
    assert kind != "film" or abs(left.offset - gone.offset) > 0.3
    assert abs(left.box[0] - gone.box[0]) > 40


def test_it_is_said_before_they_go_how_many_people_an_earlier_reading_found(indexed):
    draw(indexed.folder / "a.png", "red", "blue")
    draw(indexed.folder / "b.png", "green")
    said = []

    def listen(step):
        if step.outdated:
            said.append((step.outdated, len(indexed.people())))

    indexed.add(crops=True, progress=listen)
    assert said == []
    indexed.add(progress=listen)
    assert said == [(2, 2)]
    assert len(indexed.people()) == 3
