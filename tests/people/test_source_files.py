"""What a list of paths comes to."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.drawn_footage import write_plain_film
from textreid.errors import InputError
from textreid.people import Skipped, find_people, list_sources
from textreid.people.source_files import look_through


def fill(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def names(root: Path, *inputs: Path) -> list[str]:
    return [str(source.path.relative_to(root)) for source in list_sources(inputs or [root])]


def test_folders_are_read_in_natural_order_and_the_rest_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, "f10.jpg", "f9.JPG", "b/2.png", "b/10.tif", "c.MP4", "d.zip", "notes.txt", "Thumbs.db")
    fill(tmp_path, ".hidden.jpg", ".git/a.jpg", "._f9.JPG")
    assert names(tmp_path) == ["b/2.png", "b/10.tif", "c.MP4", "d.zip", "f9.JPG", "f10.jpg"]
    assert [source.kind for source in list_sources([tmp_path])] == [
        "photo",
        "photo",
        "video",
        "zip",
        "photo",
        "photo",
    ]


def test_a_file_given_twice_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "b.jpg")
    monkeypatch.chdir(tmp_path)
    assert names(tmp_path, Path("b.jpg"), tmp_path, Path("./b.jpg")) == ["b.jpg", "a.jpg"]


def test_size_and_time_of_a_source_are_the_file_s(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(5, 7))
    (source,) = list_sources([tmp_path])
    state = source.state("hog", "done", 3)
    assert (state.key, state.size, state.mtime_ns, state.settings, state.people) == (
        str(tmp_path / "a.jpg"),
        1,
        7,
        "hog",
        3,
    )


def test_linked_folders_are_followed_and_each_real_folder_is_read_once(tmp_path: Path) -> None:
    fill(tmp_path, "disk/cam1/1.jpg", "photos/2.jpg", "other/3.jpg")
    (tmp_path / "photos" / "again").symlink_to(tmp_path / "photos")  # it leads back here
    (tmp_path / "photos" / "cam1").symlink_to(Path("..") / "disk" / "cam1")
    (tmp_path / "photos" / "cam1 too").symlink_to(tmp_path / "disk" / "cam1")
    (tmp_path / "other" / "up").symlink_to(tmp_path)
    assert names(tmp_path, tmp_path / "photos") == ["photos/2.jpg", "photos/cam1/1.jpg"]
    assert len(names(tmp_path, tmp_path / "photos", tmp_path / "disk", tmp_path / "other")) == 3


def test_what_a_file_is_its_content_decides(tmp_path: Path) -> None:
    film = write_plain_film(tmp_path / "film.avi").read_bytes()
    stream = write_plain_film(tmp_path / "film.ts").read_bytes()
    photo, zipped = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(photo, "JPEG")
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.jpg", photo.getvalue())
    contents = {
        "ch01.dav": ("video", film),
        "clip": ("video", stream),
        "clip.mp4_1": ("video", film),
        "clip.jpg": ("video", film),
        "IMG_1.HEIC": ("photo", photo.getvalue()),
        "IMG_2": ("photo", photo.getvalue()),
        "IMG_3.mp4": ("photo", photo.getvalue()),
        "photos.zip.part": ("zip", zipped.getvalue()),
        "broken.mp4": ("video", b"nothing of the kind"),
        "empty.jpg": ("photo", b""),
        "letter.docx": (None, b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml" + bytes(400)),
        "notes.txt": (None, b"P1 is the first paragraph; Great Gatsby" * 20),
        "page.html": (None, b"<html>free ftyp moov</html>"),
        "program": (None, b"\x7fELF" + bytes(600)),
        "font.ttf": (None, b"\0\1\0\0" + bytes(600)),
        "icon.ico": (None, b"\0\0\1\0" + bytes(600)),
        "clock.ts": ("video", b"export const a = 1;"),
    }
    folder = tmp_path / "in"
    folder.mkdir()
    for name, (_, content) in contents.items():
        (folder / name).write_bytes(content)
    listing = look_through([folder])
    assert {source.path.name: source.kind for source in listing.sources} == {
        name: kind for name, (kind, _) in contents.items() if kind
    }
    assert {path.name for path in listing.passed_over} == {
        name for name, (kind, _) in contents.items() if kind is None
    }


def test_trash_and_thumbnails_are_left_out(tmp_path: Path) -> None:
    left_out = ("$RECYCLE.BIN", "@eaDir", ".Trashes", ".Trash-1000", ".thumbnails", "#recycle")
    fill(tmp_path, *(f"{name}/1.jpg" for name in (*left_out, "System Volume Information")))
    fill(tmp_path, "a.jpg", "Thumbs.db", "desktop.ini", "@home/2.jpg")
    listing = look_through([tmp_path])
    assert [source.path.name for source in listing.sources] == ["2.jpg", "a.jpg"]
    assert listing.passed_over == []


def test_a_file_below_a_thousand_folders_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        os.mkdir("d")  # noqa: PTH102
        monkeypatch.chdir("d")
    Path("1.jpg").write_bytes(b"x")
    found = names(Path.cwd(), tmp_path)
    monkeypatch.chdir(tmp_path)
    subprocess.run(["rm", "-r", "d"], check=True)  # Python's own way to remove it is recursive
    assert found == ["1.jpg"]


def test_a_folder_deeper_than_the_system_allows_and_a_link_to_itself_stop_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path, "good.jpg")
    for _ in range(22):
        Path("d" * 200).mkdir()
        monkeypatch.chdir("d" * 200)
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    sources = list_sources([tmp_path, tmp_path / "loop.jpg"])
    problems = {source.path.name[:8]: source.problem for source in sources}
    assert problems.pop("good.jpg") is None
    assert sorted(problems) == ["d" * 8, "loop.jpg"]
    assert "too long" in problems["d" * 8]
    assert "symbolic links" in problems["loop.jpg"]
    assert all(isinstance(next(find_people(source, detector=None)), Skipped) for source in sources[1:])


def test_missing_path_names_the_nearest(tmp_path: Path) -> None:
    fill(tmp_path, "holiday.jpg")
    with pytest.raises(InputError, match=r"does not exist. Did you mean .*holiday\.jpg"):
        list_sources([tmp_path / "holidy.jpg"])


def test_nothing_to_read_says_so(tmp_path: Path) -> None:
    fill(tmp_path, "notes.txt")
    with pytest.raises(InputError, match=r"No photo, video or zip file in .*\.jpg"):
        list_sources([tmp_path])


def test_a_named_file_of_another_kind_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "notes.txt")
    notes, photo = list_sources([tmp_path / "notes.txt", tmp_path / "a.jpg"])
    assert list(find_people(notes, detector=None)) == [Skipped(str(tmp_path / "notes.txt"), notes.problem)]
    assert "photo, video or zip" in notes.problem
    assert photo.problem is None


def test_what_cannot_be_looked_at_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "shut/1.jpg", "open/2.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    really = Path.iterdir

    def iterdir(path: Path):
        if path.name == "shut":  # what the system does to whoever is not root
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    problems = {source.path.name: source.problem for source in list_sources([tmp_path])}
    assert problems.pop("2.jpg") is None
    assert problems == {
        "gone.jpg": "cannot be read: No such file or directory.",
        "pipe.jpg": "not a regular file.",
        "shut": "the folder cannot be read: Permission denied.",
    }
