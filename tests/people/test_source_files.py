"""What a list of paths comes to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from textreid.errors import InputError
from textreid.people import Skipped, find_people, list_sources


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


def test_a_folder_that_links_to_itself_ends(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.jpg")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert names(tmp_path) == ["a/1.jpg"]


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
