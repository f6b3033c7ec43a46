"""Folders and files that appear whole or not at all, and what killed or failed writers leave."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.faults.killing import assert_one_or_the_other, forking_pool, outcomes
from textreid_index.whole_folder import recover, whole_file, whole_folder


def write(target: Path, text: str = "new") -> None:
    with whole_folder(target, replace=True) as folder:
        (folder / "inside").mkdir()
        for name in ("a.txt", "inside/b.txt"):
            (folder / name).write_text(text)


def read(target: Path) -> set[str]:
    """What the two files hold; nothing where there is no folder."""
    if not target.exists():
        return set()
    return {(target / name).read_text() for name in ("a.txt", "inside/b.txt")}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_new(place: Path) -> None:
    write(place / "out")


def write_old(place: Path) -> None:
    write(place / "out", "old")


def read_twice(place: Path) -> tuple[set[str], list[str]]:
    """What a reader finds, and the names after one more writer."""
    recover(place / "out")
    found = read(place / "out")
    write_new(place)
    assert read(place / "out") == {"new"}
    return found, names(place)


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with forking_pool() as pool:
        yield pool


@pytest.mark.parametrize("old", [False, True], ids=["new", "replaced"])
def test_a_killed_writer_leaves_one_or_the_other_and_the_next_clears_away(
    pool: ProcessPoolExecutor, tmp_path: Path, old: bool
) -> None:
    found = outcomes(pool, write_new, read_twice, tmp_path, write_old if old else None)
    left, listed = zip(*(one.left for one in found), strict=True)
    assert_one_or_the_other(list(left), {"old"} if old else set(), {"new"})
    assert set(map(tuple, listed)) == {("out",)}


def test_a_folder_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    write_old(tmp_path)
    with pytest.raises(FileExistsError), whole_folder(tmp_path / "out"):
        pass
    assert read(tmp_path / "out") == {"old"}
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_old_one(tmp_path: Path, error: type[BaseException]) -> None:
    def write_half_a_folder() -> None:
        with whole_folder(tmp_path / "out", replace=True) as folder:
            (folder / "a.txt").write_text("half")
            raise error

    def write_half_a_file() -> None:
        with whole_file(tmp_path / "file") as file:
            file.write(b"half")
            raise error

    write_old(tmp_path)
    (tmp_path / "file").write_text("old")
    for write_half in (write_half_a_folder, write_half_a_file):
        with pytest.raises(error):
            write_half()
    assert read(tmp_path / "out") == {"old"}
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == ["file", "out"]


def test_a_file_takes_the_place_of_the_old_one_in_folders_that_are_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    for text in (b"old", b"new"):
        with whole_file(path) as file:
            file.write(text)
        assert path.read_bytes() == text
    assert names(path.parent) == ["file"]


def test_two_writers_at_once_do_not_mix(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from textreid_index.whole_folder import whole_folder
with whole_folder(Path({str(tmp_path / "out")!r}), replace=True) as folder:
    (folder / "a.txt").write_text("other")
    (folder / "inside").mkdir()
    print("half", flush=True)
    sys.stdin.readline()
    (folder / "inside" / "b.txt").write_text("other")
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "half\n"
        write_new(tmp_path)
        assert read(tmp_path / "out") == {"new"}
        other.communicate("go on\n")
    assert other.returncode == 0
    assert read(tmp_path / "out") == {"other"}
    assert names(tmp_path) == ["out"]


def test_everybody_may_read_what_was_made(tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    (tmp_path / "usual" / "a.txt").touch()
    write_new(tmp_path)
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert (tmp_path / "out" / "a.txt").stat().st_mode == (tmp_path / "usual" / "a.txt").stat().st_mode
