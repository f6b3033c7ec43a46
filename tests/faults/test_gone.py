"""Gone means gone: no byte of the pixels of whoever was deleted is left, and of an upload not its name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from typer.testing import CliRunner

from tests.helpers.faults.marked import draw_marked, find_name, find_pieces, to_jpeg, write_marked
from tests.helpers.search_page import free_port
from tests.helpers.toy import ToyEncoder, draw_person
from textreid import PersonSearch
from textreid.cli import application
from textreid.service import uploads
from textreid.service.desk import Desk
from textreid.service.http import serve_http
from textreid_demo.serve import serve_page
from textreid_index import Embeddings, Gallery, UnknownPersonError


@dataclass(frozen=True)
class Place:
    """A machine with a gallery in use, and all places where something could be left.

    Attributes:
        people: the gallery, open, with the search log on.
        kept: where nothing of the picture may be found afterwards.
        photo: the marked picture, which the user keeps.
    """

    people: PersonSearch
    kept: tuple[Path, ...]
    photo: Path

    @property
    def gallery(self) -> Gallery:
        return self.people.gallery

    def ids(self) -> list[str]:
        """Whoever was found in the marked picture."""
        stored = [record for record in self.gallery.records() if "Mark" in record.source]
        return [record.id for record in stored]

    def pictures(self) -> list[bytes]:
        """All shapes in which its pixels lie anywhere."""
        return [self.photo.read_bytes(), to_jpeg(draw_marked()), *map(self.gallery.thumbnail, self.ids())]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    temporary, cache, logs = (tmp_path / name for name in ("temporary", "cache", "logs"))
    for folder in (temporary, cache, logs):
        folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    photo = write_marked(tmp_path / "own")
    with PersonSearch.open(
        tmp_path / "gallery", create=True, encoder=ToyEncoder(), log=logs / "searches.jsonl"
    ) as people:
        people.add([draw_person("red", "blue"), draw_person("green", "black")], crops=True)
        yield Place(people, (tmp_path / "gallery", temporary, cache, logs), photo)


def upload(place: Place) -> None:
    """The picture is uploaded, searched by, and looked at."""
    sent = shutil.copy(place.photo, place.kept[1] / place.photo.name)
    assert Desk(place.people).add([Path(sent)], crops=True, camera="yard").added == 1
    search_by(place)
    (id,) = place.ids()
    assert place.people.frame(id).size == (40, 100)


def search_by(place: Place) -> None:
    with Image.open(place.photo) as photo:
        hits = place.people.search(image=photo.convert("RGB"), k=3)
    assert hits[0].id in place.ids()
    place.people.search(more_like=hits.ids[:1], k=3)
    Desk(place.people).draw_contact_sheet(hits, "a title")


def on_the_command_line(place: Place, *arguments: str) -> None:
    options = ["--gallery", str(place.gallery.path), "--yes"]
    ran = CliRunner().invoke(application(), ["gallery", *arguments, *options])
    assert ran.exit_code == 0, ran.output


def over_http(place: Place) -> None:
    desk = Desk(place.people)
    with serve_http(desk, port=free_port()) as url, place.photo.open("rb") as photo:
        found = httpx.post(f"{url}/search", files={"image": photo}, data={"k": "3"}, timeout=30).json()
        assert found[0]["id"] in place.ids()
        answer = httpx.post(f"{url}/delete", data={"ids": place.ids()}, timeout=30)
        assert answer.json() == {"deleted": 1}
        assert find_pieces([place.photo.read_bytes()], place.kept) == []  # at once, while it goes on


def forget_the_folder(place: Place) -> None:
    place.gallery.forget("uploads")


WAYS: dict[str, Callable[[Place], object]] = {
    "the page, one person": lambda place: Desk(place.people).delete(place.ids()),
    "the page, everybody of a file": lambda place: Desk(place.people).forget(place.ids()[0]),
    "HTTP": over_http,
    "gallery delete": lambda place: on_the_command_line(place, "delete", *place.ids()),
    "gallery forget": lambda place: on_the_command_line(place, "forget", str(stored_upload(place))),
    "Gallery.delete": lambda place: place.gallery.delete(place.ids()),
    "Gallery.forget": lambda place: place.gallery.forget(place.gallery.get(place.ids()[0]).source),
    "Gallery.forget, the folder": forget_the_folder,
}


def stored_upload(place: Place) -> Path:
    (file,) = uploads.upload_folder(place.gallery).iterdir()
    return file


@pytest.mark.parametrize("way", WAYS)
def test_of_an_upload_neither_pixels_nor_name_are_left(place: Place, way: str) -> None:
    upload(place)
    pictures, (id,) = place.pictures(), place.ids()
    assert find_pieces(pictures, place.kept) != []
    assert find_name(place.kept) != []
    WAYS[way](place)
    assert find_pieces(pictures, place.kept) == []
    assert find_name(place.kept) == []
    with pytest.raises(UnknownPersonError):
        place.gallery.get(id)
    assert place.photo.exists()
    assert len(place.gallery) == 2
    assert place.gallery.verify() == []


@pytest.mark.parametrize("way", ["gallery delete", "Gallery.delete"])
def test_of_an_own_photo_delete_leaves_the_path_and_no_pixel(place: Place, way: str) -> None:
    place.people.add(place.photo, crops=True)
    search_by(place)
    pictures = place.pictures()
    WAYS[way](place)
    assert find_pieces(pictures, place.kept) == []
    assert place.people.add(place.photo, crops=True).added == 0
    assert find_name(place.kept) == [str(place.gallery.path / "gallery.sqlite")]


@pytest.mark.parametrize("way", ["gallery forget", "Gallery.forget", "the folder", "prune"])
def test_of_an_own_photo_forget_leaves_nothing(place: Place, way: str) -> None:
    place.people.add(place.photo, crops=True)
    search_by(place)
    pictures = place.pictures()
    if way == "gallery forget":
        on_the_command_line(place, "forget", str(place.photo))
    elif way == "prune":
        place.photo.unlink()
        on_the_command_line(place, "prune")
    else:
        place.gallery.forget(str(place.photo if way == "Gallery.forget" else place.photo.parent))
    assert find_pieces(pictures, place.kept) == []
    assert find_name(place.kept) == []


def test_an_example_photo_on_the_page_leaves_nothing_while_the_page_goes_on(place: Place) -> None:
    """The same picture is searched by, added, added again and searched by again; the command line deletes."""
    with serve_page(Desk(place.people), port=free_port()) as url:
        client = Client(url, verbose=False)
        sent = handle_file(str(place.photo))
        client.predict(image=sent, api_name="/search")
        assert find_pieces([place.photo.read_bytes()], place.kept) == []
        assert client.predict(files=[sent], crops=True, api_name="/add")["added"] == 1
        assert client.predict(files=[sent], crops=True, api_name="/add")["known"] == 1
        (id,) = place.ids()
        assert client.predict(image=sent, k=1, api_name="/search")[0]["id"] == id
        client.predict(id=id, api_name="/frame")
        pictures = place.pictures()
        on_the_command_line(place, "delete", id)
        assert find_pieces(pictures, place.kept) == []
        assert find_name(place.kept) == []
        client.close()


def test_an_upload_stays_while_somebody_is_left_in_it(place: Place) -> None:
    two = Image.new("RGB", (80, 100))
    two.paste(draw_marked(seed=1), (0, 0))
    two.paste(draw_marked(seed=2), (40, 0))
    sent = place.kept[1] / "Mark7f3aQ.png"
    two.save(sent)
    assert Desk(place.people).add([sent], crops=True, camera="yard").added == 1
    (first,) = (place.gallery.get(id) for id in place.ids())
    second = type(first)("second", first.source, (40, 0, 80, 100), "yard")
    encoded = place.people.encoder.encode_images([draw_marked(seed=2)])
    place.gallery.add([second], Embeddings(("second",), encoded, place.people.encoder.info), [b"jpeg"])
    file = stored_upload(place)
    place.gallery.delete([first.id])
    assert file.exists()
    assert place.people.frame("second").size == (80, 100)
    place.gallery.delete(["second"])
    assert not file.exists()


def test_an_upload_goes_also_where_the_program_has_gone_to_another_folder(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(place)
    place.people.close()
    monkeypatch.chdir(place.gallery.path.parent)
    with Gallery.open("gallery") as gallery:
        monkeypatch.chdir(place.kept[1])
        assert gallery.forget("uploads") == 1
        assert list((place.gallery.path / "uploads").iterdir()) == []
        assert gallery.verify() == []


def spellings(place: Path) -> dict[str, Path]:
    """The gallery in `place / "gallery"` in eight ways, as people type and link it."""
    (place / "x").mkdir()
    (place / "link").symlink_to(place / "gallery")
    (place / "links").symlink_to(place)
    shutil.copytree(place / "gallery", place / "copied" / "gallery")
    shutil.move(shutil.copytree(place / "gallery", place / "old"), place / "moved")
    return {
        "a link": place / "link",
        "a link above it": place / "links" / "gallery",
        "up and down": place / "x" / ".." / "gallery",
        "relative": Path(os.path.relpath(place / "gallery")),
        "relative, up and down": Path(os.path.relpath(place)) / "x" / ".." / "gallery",
        "a slash at its end": Path(f"{place / 'gallery'}/"),
        "copied": place / "copied" / "gallery",
        "moved": place / "moved",
    }


def test_uploads_stay_however_the_gallery_is_called(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    upload(place)
    (id,) = place.ids()
    place.people.close()
    monkeypatch.setattr("textreid.service.uploads.JUST_NOW", -1)
    for how, path in spellings(place.gallery.path.parent).items():
        with PersonSearch.open(path, encoder=ToyEncoder()) as people:
            Desk(people)
            assert people.frame(id).size == (40, 100), how
            assert people.gallery.get(id).source.startswith("uploads/"), how
    for name in ("gallery", "copied/gallery", "moved"):
        path = place.gallery.path.parent / name
        with Gallery.open(path) as gallery:
            assert gallery.delete([id]) == 1
        assert list((path / "uploads").iterdir()) == []
