"""Galleries on network shares and shared folders, which lack locks or shared memory, or can only be read.

A preloaded library takes those away, for which the tests need a C compiler; what is mounted takes root.
"""

from __future__ import annotations

import errno
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.faults.committed import FORMER, content, copy
from tests.helpers.faults.share import Share
from tests.helpers.faults.small_disk import small_disk
from tests.helpers.toy_gallery import fill, filled, people
from textreid_index import Gallery, GalleryReadOnlyError
from textreid_index.store.file_system import describe_file_system

NO_LOCKS = [errno.ENOLCK, errno.EACCES, errno.EOPNOTSUPP]
NO_MAPS = errno.ENODEV

OPEN = """
import sys
from textreid_index import Gallery, GalleryError
for folder in sys.argv[2:]:
    try:
        Gallery.open(folder, create=sys.argv[1] == "create", wait=600)
    except GalleryError as error:
        print(type(error).__name__, error)
"""
USE = """
import sys
from tests.helpers.toy_gallery import embed, fill, people
from textreid_index import Gallery
with Gallery.open(sys.argv[1], create=True) as gallery:
    print(gallery.notice)
    fill(gallery, people(20, "new"))
    assert gallery.delete(["new003"]) == 1
    assert gallery.forget("photos/new1.jpg") == 10
    assert gallery.verify() == []
    assert len(gallery.search(embed(["q"]), 99)[0]) == len(gallery) == 9 + int(sys.argv[2])
"""
ADD = """
import sys
from tests.helpers.toy_gallery import embed, fill, people
from textreid_index import Gallery
for number in range(5):
    with Gallery.open(sys.argv[1]) as gallery:
        fill(gallery, people(4, f"{sys.argv[2]}{number}"))
        assert len(gallery.search(embed(["q"]), 999)[0]) % 4 == 0
"""
HOLD = """
import sys
from textreid_index import Gallery
with Gallery.open(sys.argv[1]) as gallery, gallery.snapshot():
    print("here", flush=True)
    input()
"""
BUSY = """
import sys
from textreid_index import Gallery, GalleryBusyError
try:
    Gallery.open(sys.argv[1], wait=0.1)
except GalleryBusyError as error:
    print(error)
"""
KILLED = """
import os, signal, sys
from tests.helpers.toy_gallery import fill, people
from textreid_index import Gallery
with Gallery.open(sys.argv[1]) as gallery:
    fill(gallery, people(10, "late"))
    with gallery.snapshot():
        os.kill(os.getpid(), signal.SIGKILL)
"""


def kind_of(folder: Path) -> str:
    """The kind of file system, as `df` tells it."""
    command = ["df", "--output=fstype", folder]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]


@pytest.mark.parametrize("number", NO_LOCKS, ids=errno.errorcode.get)
def test_no_gallery_is_made_where_files_cannot_be_locked_and_nothing_is_left(
    tmp_path: Path, number: int
) -> None:
    folders = tmp_path, tmp_path / "g", tmp_path / "deep" / "down" / "g"
    told = Share(tmp_path, locks=number).run(OPEN, "create", *folders).splitlines()
    for folder, line in zip(folders, told, strict=True):
        assert line.startswith(f"GalleryError No gallery can be used in {folder}")
        assert f"({kind_of(tmp_path)}, " in line
        assert "does not lock files" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", NO_LOCKS, ids=errno.errorcode.get)
def test_where_files_cannot_be_locked_nobody_waits_for_another_program(tmp_path: Path, number: int) -> None:
    filled(tmp_path / "g", 20)[0].close()
    before = {path.name: path.read_bytes() for path in (tmp_path / "g").iterdir()}
    told = Share(tmp_path, locks=number).run(OPEN, "open", tmp_path / "g")  # which would wait for ten minutes
    assert "does not lock files" in told
    assert {path.name: path.read_bytes() for path in (tmp_path / "g").iterdir()} == before


@pytest.mark.parametrize("made", ["here", "elsewhere", "elsewhere and killed"])
def test_where_memory_cannot_be_shared_a_gallery_serves_one_program_and_says_so(
    tmp_path: Path, made: str
) -> None:
    if made != "here":
        filled(tmp_path / "g", 20)[0].close()
    if "killed" in made:
        with Gallery.open(tmp_path / "g") as gallery:
            fill(gallery, people(10, "late"))
            copy(tmp_path / "g", tmp_path / "k", {"-wal", "-shm"})
        (tmp_path / "k").rename(tmp_path / "g2")
    folder, count = {"here": ("g", 0), "elsewhere": ("g", 20), "elsewhere and killed": ("g2", 30)}[made]
    told = Share(tmp_path, maps=NO_MAPS).run(USE, tmp_path / folder, count)
    assert f"({kind_of(tmp_path)}, " in told
    assert "one at a time uses the gallery" in told
    with Gallery.open(tmp_path / folder) as gallery:
        assert gallery.notice is None
        assert gallery.verify() == []
        assert len(gallery) == count + 9


def test_where_memory_cannot_be_shared_programs_take_turns(tmp_path: Path) -> None:
    filled(tmp_path / "g", 20)[0].close()
    running = [Share(tmp_path, maps=NO_MAPS).start(ADD, tmp_path / "g", name) for name in "abc"]
    for process in running:
        _, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, complaints
    with Gallery.open(tmp_path / "g") as gallery:
        assert gallery.verify() == []
        assert len(gallery) == 20 + 3 * 5 * 4


def test_who_waited_for_a_turn_in_vain_hears_why(tmp_path: Path) -> None:
    filled(tmp_path / "g", 20)[0].close()
    share = Share(tmp_path, maps=NO_MAPS)
    with share.start(HOLD, tmp_path / "g") as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "here\n"
        told = share.run(BUSY, tmp_path / "g")
        holder.communicate("\n", timeout=60)
    assert told.startswith("Another program is using the gallery. The file system there")
    assert "one at a time uses the gallery" in told
    assert "Try again when it has finished." in told


def test_what_a_program_committed_that_was_killed_is_there_with_and_without_shared_memory(
    tmp_path: Path,
) -> None:
    for number, share in enumerate([Share(tmp_path, maps=NO_MAPS), Share(tmp_path)]):
        filled(tmp_path / f"g{number}", 20)[0].close()
        killed = Share(tmp_path, maps=NO_MAPS).start(KILLED, tmp_path / f"g{number}")
        killed.communicate(timeout=60)
        assert killed.returncode < 0
        share.run(USE, tmp_path / f"g{number}", 30)


def test_a_gallery_of_an_earlier_format_is_brought_up_to_date_without_shared_memory(tmp_path: Path) -> None:
    subprocess.run(["tar", "-xJf", FORMER, "-C", tmp_path], check=True)
    (old,) = tmp_path.rglob("gallery.sqlite")
    before = old.read_bytes()
    code = "import sys; from textreid_index import Gallery; print(Gallery.open(sys.argv[1]).verify())"
    assert Share(tmp_path, maps=NO_MAPS).run(code, old.parent) == "[]\n"
    assert old.read_bytes() != before
    (kept,) = old.parent.glob("*.format-1")
    with Gallery.open(old.parent) as gallery:
        people_now = list(gallery.records())
    kept.replace(old)
    with Gallery.open(old.parent) as gallery:
        assert list(gallery.records()) == people_now


READ_ONLY_SHARES = {
    "as it is": {},
    "without locks": {"locks": errno.ENOLCK},
    "without maps": {"maps": NO_MAPS},
    "without either": {"locks": errno.ENOLCK, "maps": NO_MAPS},
}
READ = """
import sys
from pathlib import Path
from tests.helpers.faults.committed import content
from textreid_index import Gallery
for folder in sys.argv[2:]:
    with Gallery.open(folder) as gallery:
        print(content(gallery, Path(sys.argv[1])))
"""


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A mount that can only be read, with galleries that differ in what lies beside them."""
    with small_disk(tmp_path / "disk", 4 << 20) as disk:
        filled(tmp_path / "g", 20)[0].close()
        with Gallery.open(tmp_path / "g") as gallery:
            fill(gallery, people(10, "late"))
            copy(tmp_path / "g", disk / "killed", {"-wal", "-shm"})
            copy(tmp_path / "g", disk / "half copied", {"-wal"})
        copy(tmp_path / "g", disk / "closed", set())
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk


@pytest.mark.parametrize("share", READ_ONLY_SHARES)
def test_all_that_was_committed_is_read_from_a_mount_that_cannot_be_written(
    read_only: Path, tmp_path: Path, share: str
) -> None:
    with Gallery.open(tmp_path / "g") as gallery:
        expected = f"{content(gallery, tmp_path)}\n"
    told = Share(read_only, **READ_ONLY_SHARES[share]).run(READ, tmp_path, *read_only.iterdir())
    assert told == 3 * expected


def test_what_cannot_be_written_there_is_refused_for_what_it_is(read_only: Path) -> None:
    for folder in read_only.iterdir():
        with Gallery.open(folder) as gallery, pytest.raises(GalleryReadOnlyError, match="can only be read"):
            gallery.delete(["p000"])


def test_a_file_system_is_named_by_its_kind_and_mount_whatever_its_folder_is_called(tmp_path: Path) -> None:
    with small_disk(tmp_path / "a share", 1 << 20) as disk:
        for folder in (disk, disk / "not" / "there"):
            assert describe_file_system(folder) == f"The file system there (tmpfs, tmpfs at {disk})"
    assert "a share" not in describe_file_system(tmp_path)


def test_where_the_system_does_not_tell_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textreid_index.store.file_system.MOUNTS", tmp_path / "none")
    assert describe_file_system(tmp_path) == "The file system there"


def test_searches_are_logged_where_the_log_cannot_be_locked(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from tests.helpers.toy_gallery import embed, filled
from textreid.search.search_log import SearchLog
gallery, _, _ = filled(Path(sys.argv[1]), 3)
SearchLog(Path(sys.argv[2])).write(gallery.search(embed(["q"]), 3)[0], text="in red")
"""
    (tmp_path / "share").mkdir()
    share = Share(tmp_path / "share", locks=errno.ENOLCK)
    share.run(code, tmp_path / "g", tmp_path / "share" / "log.jsonl")
    (line,) = (tmp_path / "share" / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["text"] == "in red"
