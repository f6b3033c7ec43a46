"""One file has one name: it is found by every spelling, and whoever asks for nothing is told so."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
import zipfile
from pathlib import Path

import pytest

from tests.helpers.toy import ToyEncoder, draw_person
from tests.helpers.toy_console import run_textreid
from tests.helpers.toy_gallery import fill, people
from textreid import PersonSearch
from textreid.errors import InputError
from textreid_index import Gallery, InvalidValueError, Record, Where

CAMERA = unicodedata.normalize("NFD", "Königstraße")


def index(*paths: Path | str) -> None:
    run_textreid("index", *paths, "--gallery", "g", "--crops")


def forget(name: str, *options: str, code: int = 0) -> str:
    return run_textreid("gallery", "forget", name, "--gallery", "g", "--yes", *options, code=code).output


def found(*filters: str, code: int = 0) -> int:
    done = run_textreid("search", "a red shirt", "--gallery", "g", "--json", *filters, code=code)
    return len(json.loads(done.stdout)) if not code else 0


def count() -> int:
    with Gallery.open("g") as gallery:
        assert gallery.verify() == []
        return len(gallery)


@pytest.fixture
def disk(tmp_path, monkeypatch) -> Path:
    """Photos of two cameras, the name of one of which is written in decomposed Unicode, and a link to it."""
    monkeypatch.chdir(tmp_path)
    for place, (camera, upper) in enumerate([(CAMERA, "red"), ("Yard", "blue")]):
        folder = tmp_path / "disk" / camera
        folder.mkdir(parents=True)
        draw_person(upper, "black").save(folder / f"photo{place}.png")
    (tmp_path / "link").symlink_to("disk")
    index("disk")
    return tmp_path / "disk"


@pytest.mark.parametrize(
    "spelling",
    [
        f"disk/{CAMERA}/photo0.png",
        unicodedata.normalize("NFC", f"disk/{CAMERA}/photo0.png"),
        f"link/{CAMERA}",
        f"disk/x/../{CAMERA}/",
        f"disk/Yard/../{CAMERA}/./photo0.png",
        f"DISK/{CAMERA.upper()}",
        f"disk/{CAMERA.casefold()}/PHOTO0.png",
    ],
)
def test_every_spelling_of_a_file_or_folder_is_found(disk, spelling):
    assert found("--source", spelling) == 1
    assert "1 person deleted" in forget(spelling)
    assert count() == 1
    index("disk")
    assert count() == 2


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_spelling_of_a_camera_is_found(disk, form):
    assert found("--camera", unicodedata.normalize(form, CAMERA)) == 1
    assert found("--camera", "yard") == 1


def test_a_file_in_decomposed_unicode_is_shown_and_known_again(disk):
    with PersonSearch.open("g", encoder=ToyEncoder()) as search:
        for record in search.gallery.records():
            assert search.frame(record.id).size == (40, 100)
        assert search.add("link", crops=True).known == 2


def test_two_files_that_differ_by_unicode_alone_are_two(disk):
    twin = disk / unicodedata.normalize("NFC", CAMERA)
    twin.mkdir()
    draw_person("pink", "white").save(twin / "photo0.png")
    index("disk")
    index("disk")
    assert count() == 3
    assert "1 person deleted" in forget(f"disk/{twin.name}")


@pytest.mark.parametrize("name", ["disk/Yart", "disk/Yard/photo9.png", "nowhere", "disk/Yar", "photo1.png"])
def test_what_is_not_there_is_refused_with_the_nearest(disk, name):
    assert "knows no file or folder" in forget(name, code=2)
    found("--source", name, code=2)
    assert count() == 2
    if name.startswith("disk/"):
        assert f"Did you mean {disk}" in forget(name, code=2)


def test_a_camera_that_is_not_there_is_refused_with_the_nearest(disk):
    done = run_textreid("search", "red", "--gallery", "g", "--camera", "Yart", code=2)
    assert "Did you mean Yard" in done.output


@pytest.mark.parametrize("name", [".", "..", "/", "", "./", "disk/.."])
def test_where_one_is_and_above_is_not_forgotten_by_accident(disk, name):
    said = forget(name, code=2)
    assert "2 people" in said or not name
    assert count() == 2
    if name:
        forget(name, "--all-below")
        assert count() == 0


def test_where_one_is_counts_in_any_spelling_of_it(disk, monkeypatch):
    """A folder in decomposed Unicode, which is stored composed, and one in the gallery, stored relative."""
    uploads = disk.parent / "g" / "uploads"
    uploads.mkdir()
    draw_person("green", "white").save(uploads / "sent.png")
    index("g/uploads/sent.png")
    for folder in (disk / CAMERA, uploads):
        monkeypatch.chdir(folder)
        said = run_textreid("gallery", "forget", ".", "--gallery", disk.parent / "g", "--yes", code=2).output
        assert "1 person" in said
    monkeypatch.chdir(disk.parent)
    assert count() == 3


def test_an_empty_text_is_refused_in_every_place(disk):
    for options in (["--source", ""], ["--camera", ""], ["--since", ""], ["--until", ""]):
        found(*options, code=2)
    run_textreid("gallery", "delete", "", "--gallery", "g", "--yes", code=2)
    run_textreid("gallery", "move", "", "x", "--gallery", "g", code=2)
    run_textreid("gallery", "move", "disk", "", "--gallery", "g", code=2)
    run_textreid("index", "", "--gallery", "g", "--crops", code=2)
    for option in (["--gallery", ""], ["--gallery="], ["--gallery", "g", "--log", ""], ["--sheet", ""]):
        assert '"" names nothing' in run_textreid("search", "red", *option, code=2).output
    assert '"" names nothing' in run_textreid("gallery", "info", "--gallery", "", code=2).output
    with Gallery.open("g") as gallery:
        refused = [
            lambda: gallery.forget(""),
            lambda: gallery.delete([""]),
            lambda: gallery.delete(""),
            lambda: gallery.rewind(""),
            lambda: gallery.export(""),
            lambda: gallery.files.find(""),
            lambda: gallery.files.move("", "x"),
            lambda: gallery.files.move("disk", ""),
            lambda: Where(exclude={""}),
        ]
        for call in refused:
            with pytest.raises(InvalidValueError):
                call()
        for name in ("source", "camera"):
            with pytest.raises(InvalidValueError):
                Where(**{name: ""})
        with pytest.raises(InputError):
            PersonSearch.open(gallery, log="")
    for make in (False, True):
        with pytest.raises(InvalidValueError):
            Gallery.open("", create=make)
    assert count() == 2


def test_a_file_is_not_a_folder_of_its_namesakes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw_person("red", "black").save("p.png")
    draw_person("blue", "black").save("p.png!large.png")
    index("p.png", "p.png!large.png")
    draw_person("green", "black").save("p.png")
    index("p.png", "p.png!large.png")
    assert (count(), found("--source", "p.png")) == (2, 1)
    assert "1 person deleted" in forget("p.png")
    assert (count(), found("--source", "p.png!large.png")) == (1, 1)


def test_the_members_of_a_zip_file_are_found_one_by_one_and_together(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("day.zip", "w") as archive:
        for name, upper in (("a/1.png", "red"), ("a/2.png", "blue"), ("b.png", "green")):
            draw_person(upper, "black").save("x.png")
            archive.write("x.png", name)
    Path("link.zip").symlink_to("day.zip")
    index("day.zip")
    shutil.copy("day.zip", "copy.zip")
    index("copy.zip")
    for name, many in (("day.zip", 3), ("copy.zip", 3), ("link.zip!b.png", 1), ("copy.zip!a/1.png", 1)):
        assert found("--source", name) == many
    for name, many in (("DAY.ZIP!A", 2), ("day.zip!a", 2)):
        assert found("--source", name) == many
    forget("copy.zip!a/1.png")
    assert (count(), found("--source", "day.zip!a")) == (2, 1)
    forget("link.zip")
    assert count() == 0


def test_unknown_ids_are_named_with_the_nearest(disk):
    with Gallery.open("g") as gallery:
        known = next(gallery.records()).id
    near = known[:-1] + ("0" if known[-1] != "0" else "1")
    said = run_textreid("gallery", "delete", near, known, "--gallery", "g", "--yes", code=2).output
    assert near in said
    assert f"Did you mean {known}" in said
    assert count() == 2


class TestMoving:
    def test_a_folder_that_was_moved_is_told(self, disk):
        disk.rename(disk.with_name("new"))
        said = run_textreid("gallery", "move", "disk", "new", "--gallery", "g").output
        assert "2 people moved" in said
        assert (found("--source", "new"), count()) == (2, 2)
        found("--source", "disk", code=2)
        index("new")
        assert count() == 2

    def test_a_name_that_is_taken_is_refused(self, disk):
        taken = run_textreid(
            "gallery", "move", f"disk/{CAMERA}/photo0.png", "disk/Yard/photo1.png", "--gallery", "g", code=2
        )
        assert "knows" in taken.output
        assert count() == 2
        run_textreid("gallery", "move", "nowhere", "new", "--gallery", "g", code=2)

    def test_it_moves_what_has_no_state_too(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with Gallery.open("g", create=True) as gallery:
            fill(gallery, [Record("1", f"{tmp_path}/a/1.png"), *people(2)])
            assert gallery.files.move(f"{tmp_path}/a", f"{tmp_path}/b") == 1
            assert gallery.get("1").source == f"{tmp_path}/b/1.png"
            assert gallery.verify() == []


class TestPruning:
    def test_people_of_missing_files_go_after_a_question(self, disk):
        shutil.rmtree(disk / "Yard")
        no = run_textreid("gallery", "prune", "--gallery", "g", stdin="n\n", code=1)
        assert "1 person from 1 file" in no.output
        assert f"{disk}/Yard" in no.output
        assert count() == 2
        run_textreid("gallery", "prune", "--gallery", "g", "--yes")
        assert count() == 1
        assert "0 people deleted" in run_textreid("gallery", "prune", "--gallery", "g", "--yes").output

    def test_a_copy_keeps_its_people(self, disk):
        shutil.copytree(disk, disk.with_name("second"))
        index("second")
        assert count() == 2
        shutil.rmtree(disk)
        assert "0 people deleted" in run_textreid("gallery", "prune", "--gallery", "g", "--yes").output
        assert (count(), found("--source", "second")) == (2, 2)


class TestUploads:
    @pytest.fixture
    def gallery(self, tmp_path, monkeypatch) -> Path:
        monkeypatch.chdir(tmp_path)
        Gallery.open("g", create=True).close()
        (tmp_path / "g" / "uploads").mkdir()
        draw_person("red", "blue").save("g/uploads/yard-0123456789abcdef.png")
        index("g/uploads/yard-0123456789abcdef.png")
        return tmp_path / "g"

    @staticmethod
    def look(folder: Path) -> None:
        for file in (folder / "uploads").iterdir():
            os.utime(file, (1, 1))
        with PersonSearch.open(folder, encoder=ToyEncoder()) as search:
            search.gallery.files.remove_unused(
                [f"uploads/{file.name}" for file in (folder / "uploads").iterdir()]
            )
            (record,) = search.gallery.records()
            assert record.source == "uploads/yard-0123456789abcdef.png"
            assert search.frame(record.id).size == (40, 100)
            assert search.add(folder / "uploads", crops=True).known == 1

    def test_they_stay_when_the_gallery_is_opened_by_a_link_or_from_elsewhere(self, gallery, monkeypatch):
        gallery.with_name("link").symlink_to("g")
        monkeypatch.chdir(gallery)
        for folder in (gallery.with_name("link"), gallery / ".." / "g", Path()):
            self.look(folder)

    def test_one_that_is_gone_is_not_taken_for_a_namesake_elsewhere(self, gallery):
        (gallery.parent / "uploads").mkdir()
        (gallery / "uploads" / "yard-0123456789abcdef.png").rename("uploads/yard-0123456789abcdef.png")
        with PersonSearch.open(gallery, encoder=ToyEncoder()) as search:
            (record,) = search.gallery.records()
            with pytest.raises(InputError):
                search.frame(record.id)

    def test_they_move_with_the_gallery(self, gallery):
        gallery.rename(gallery.with_name("moved"))
        self.look(gallery.with_name("moved"))

    def test_they_are_forgotten_with_the_folder_in_which_the_gallery_lies(self, gallery):
        draw_person("blue", "black").save("photo.png")
        index("photo.png")
        assert "2 people" in forget(".", code=2)
        forget(".", "--all-below")
        assert count() == 0
        assert list((gallery / "uploads").iterdir()) == []
        forget("g", "--all-below", code=2)

    def test_they_are_found_by_their_path(self, gallery):
        assert found("--source", "g/uploads") == found("--source", "uploads/yard-0123456789abcdef.png") == 1
        forget("g/uploads/yard-0123456789abcdef.png")
        assert count() == 0
